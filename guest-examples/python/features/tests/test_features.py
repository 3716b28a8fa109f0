import io
import unittest

import features
import summary
from table import Table

RAW = "kind,island,x,y\na,North,1,2\nb,South,NA,0\na,NA,4,8\nb,North,7,\n"


def raw() -> Table:
    return Table.read(RAW.splitlines(keepends=True))


class Tables(unittest.TestCase):
    def test_a_table_is_written_as_it_was_read(self) -> None:
        target = io.StringIO()
        raw().write(target)
        self.assertEqual(target.getvalue(), RAW)
        self.assertEqual(len(raw()), 4)

    def test_what_is_wrong_is_said(self) -> None:
        for source, text in [
            ("", "the table is empty"),
            ("a,a\n", "two columns `a`"),
            ("a,b\n1\n", "line 2 has 1 values, but the header names 2 columns"),
        ]:
            with self.assertRaisesRegex(ValueError, text):
                Table.read(source.splitlines(keepends=True))
        with self.assertRaisesRegex(ValueError, "no column `z`; its columns are kind, island, x, y"):
            raw().column("z")
        with self.assertRaisesRegex(ValueError, "`island` must hold numbers, and `North` is none"):
            raw().numbers("island")


class Features(unittest.TestCase):
    def test_missing_numbers_become_the_median(self) -> None:
        table, filled = features.fill(raw(), "x")
        self.assertEqual((table.column("x"), filled), (["1", "4.0", "4", "7"], 1))
        with self.assertRaisesRegex(ValueError, "no median"):
            features.fill(Table({"x": ["NA", ""]}), "x")

    def test_ratios_are_missing_where_they_have_no_value(self) -> None:
        table = features.ratio(raw(), "x", "y")
        self.assertEqual(table.column("x_per_y"), ["0.5", "NA", "0.5", "NA"])
        self.assertEqual(features.ratio(Table({"a": ["1e300"], "b": ["1e-300"]}), "a", "b").column("a_per_b"), ["NA"])

    def test_words_become_columns_and_columns_are_left_out(self) -> None:
        table = features.drop(features.spread(raw(), "island"), ["y"])
        self.assertEqual(list(table.columns), ["kind", "x", "island=North", "island=South"])
        self.assertEqual(table.column("island=North"), ["1", "0", "NA", "1"])
        with self.assertRaisesRegex(ValueError, "no column `z`"):
            features.drop(raw(), ["z"])


class Summaries(unittest.TestCase):
    def test_each_numeric_column_has_a_row(self) -> None:
        page = summary.markdown(raw(), "kind", "a")
        self.assertIn("# Features of 4 rows", page)
        self.assertIn("| x | 1 | 4 | 2.449 | 1 · 4 · 7 | -0.866 |", page)
        self.assertNotIn("island", page)
        self.assertIn("| c | 0 | 5 | 0 | 5 · 5 · 5 | – |", summary.markdown(Table({"c": ["5", "5"], "k": ["a", "b"]}), "k", "a"))


if __name__ == "__main__":
    unittest.main()
