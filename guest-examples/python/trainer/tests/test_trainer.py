import json
import unittest
from pathlib import Path

from examples import Examples
from logistic import Logistic

ROOT = Path(__file__).parents[3]
PENGUINS = ROOT / "penguins/data/penguins.csv"
EXPECTED = ROOT / "polyglot/expected.json"


def read(table: str) -> Examples:
    return Examples.read(table.splitlines(keepends=True), "kind", "a")


class Reading(unittest.TestCase):
    def test_numeric_columns_are_features_and_complete_rows_are_examples(self) -> None:
        examples = read("x,kind,word,y,empty\n 1 ,a,one,-1.5e3,\nNA,b,2,2,\n3,,4,4,\n.5,b,nan,+7,NA\n")
        self.assertEqual(examples.features, ["x", "y"])
        self.assertEqual((examples.rows, examples.targets), ([[1.0, -1500.0], [0.5, 7.0]], [1.0, 0.0]))
        self.assertEqual(examples.skipped, 2)

    def test_what_is_wrong_is_said(self) -> None:
        for table, text in [
            ("", "the table is empty: it has no header line"),
            ("x,y\n1,2\n", "the table has no column `kind`; its columns are x, y"),
            ("x,kind\n1,a\n2\n", "line 3 has 1 values, but the header names 2 columns"),
            ("x,kind\ninf,a\n2,b\n", "no column but `kind` holds only numbers: there is nothing to learn from"),
            ("x,kind\n1,\n2,NA\n", "every row has missing values: there is nothing to learn from"),
            ("x,kind\n1,b\n2,b\n", "no complete row has `a` in the column `kind`"),
            ("x,kind\n1,a\n2,a\n", "every complete row has `a` in the column `kind`"),
        ]:
            with self.assertRaises(ValueError) as raised:
                read(table)
            self.assertEqual(str(raised.exception), text)


class Fitting(unittest.TestCase):
    def test_the_penguins_give_the_model_that_all_languages_give(self) -> None:
        expected = json.loads(EXPECTED.read_text())
        with PENGUINS.open(newline="") as table:
            examples = Examples.read(table, "species", "Gentoo")
        model = Logistic.fit(examples, 0.5, 200, lambda _: None)
        accuracy, log_loss = model.examine(examples)
        ours = [*model.weights, *model.mean, *model.deviation, accuracy, log_loss]
        names = ("weights", "mean", "deviation")
        theirs = [number for name in names for number in expected[name]] + [expected["accuracy"], expected["log-loss"]]
        self.assertEqual(len(ours), len(theirs))
        for our, their in zip(ours, theirs):
            self.assertAlmostEqual(our, their, delta=1e-9)
        self.assertEqual((len(examples.rows), examples.skipped), (342, 2))

    def test_a_constant_column_has_no_say_and_a_wild_learning_rate_is_refused(self) -> None:
        examples = read("x,c,kind\n1,5,a\n2,5,b\n")
        model = Logistic.fit(examples, 0.1, 50, lambda _: None)
        self.assertEqual((model.deviation[1], model.weights[2]), (1.0, 0.0))
        self.assertLess(model.weights[1], 0.0)
        with self.assertRaisesRegex(ValueError, "too large"):
            Logistic.fit(read("x,y,kind\n1,1,a\n6,4,b\n3,2,a\n0,1,b\n"), 1.7e308, 20, lambda _: None)


if __name__ == "__main__":
    unittest.main()
