"""The command line is taken apart as CPython does."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from weft_python.command import Command, Kind, Usage, parse  # noqa: E402


class Parsing(unittest.TestCase):
    def parsed(self, *words: str) -> Command:
        return parse(["python3", *words])

    def test_what_there_is_to_run(self) -> None:
        for words, kind, target, arguments in [
            ((), Kind.STDIN, "", []),
            (("-",), Kind.STDIN, "", []),
            (("-", "a"), Kind.STDIN, "", ["a"]),
            (("-c", "pass", "-m", "x"), Kind.CODE, "pass", ["-m", "x"]),
            (("-cpass", "a"), Kind.CODE, "pass", ["a"]),
            (("-uBc", "pass"), Kind.CODE, "pass", []),
            (("-m", "json.tool", "--indent", "2"), Kind.MODULE, "json.tool", ["--indent", "2"]),
            (("-mjson.tool",), Kind.MODULE, "json.tool", []),
            (("-u", "a.py", "-c"), Kind.SCRIPT, "a.py", ["-c"]),
            (("--", "a.py", "-x"), Kind.SCRIPT, "a.py", ["-x"]),
            (("-X", "utf8", "-Xdev", "--check-hash-based-pycs", "never", "a.py"), Kind.SCRIPT, "a.py", []),
            (("-V", "a.py"), Kind.VERSION, "", []),
            (("-uV",), Kind.VERSION, "", []),
            (("--help",), Kind.HELP, "", []),
            (("--kfp-function", "def f(): ...", "--x"), Kind.KFP_FUNCTION, "def f(): ...", ["--x"]),
        ]:
            with self.subTest(words):
                command = self.parsed(*words)
                self.assertEqual((command.kind, command.target, command.arguments), (kind, target, arguments))

    def test_options(self) -> None:
        command = self.parsed("-W", "error", "-Wignore", "-I", "a.py")
        self.assertEqual(command.warnings, ["error", "ignore"])
        self.assertEqual((command.isolated, command.environment), (True, False))
        self.assertTrue(self.parsed("a.py").environment)

    def test_what_cannot_be_run(self) -> None:
        for words, said in [
            (("-c",), "argument expected for the -c option"),
            (("-W",), "argument expected for the -W option"),
            (("-i",), "option -i is not available inside the sandbox"),
            (("--nonsense",), "unknown option --nonsense"),
            (("--kfp-function",), "needs the function's source"),
        ]:
            with self.subTest(words), self.assertRaisesRegex(Usage, said):
                self.parsed(*words)


if __name__ == "__main__":
    unittest.main()
