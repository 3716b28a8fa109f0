import unittest

from table import filter

TABLE = "species,height\nfern,42.5\nmoss,2\n"


class Filter(unittest.TestCase):
    def test_small_rows_are_left_out(self):
        self.assertEqual(filter(TABLE, "height", 10), ("species,height\nfern,42.5\n", 1))
        self.assertEqual(filter(TABLE, "height", 100), ("species,height\n", 0))

    def test_mistakes_are_named(self):
        with self.assertRaisesRegex(ValueError, "there is no column `width` in: species,height"):
            filter(TABLE, "width", 1)
        with self.assertRaisesRegex(ValueError, "line 2: `fern` is no number"):
            filter(TABLE, "species", 1)
        with self.assertRaisesRegex(ValueError, "the table is empty"):
            filter("", "height", 1)


if __name__ == "__main__":
    unittest.main()
