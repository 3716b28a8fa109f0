"""Modules packed into memory are imported, inspected and shown in tracebacks like those in files."""

import inspect
import linecache
import sys
import tempfile
import traceback
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from weft_python.library import Library  # noqa: E402

PLACE = "/a folder/that is/not there"
SOURCES = {
    "packed_alone.py": "def fails():\n    raise ValueError('packed')  # the line\n",
    "packed/__init__.py": "from .part import WORD\n",
    "packed/part.py": "# coding: latin-1\nWORD = 'caf\u00e9'\n",
    "packed/part_test.py": "raise RuntimeError('a test')\n",
    "packed/tests/__init__.py": "raise RuntimeError('tests')\n",
    "packed/left/out.py": "raise RuntimeError('left out')\n",
    "packed/data.txt": "no module",
}


class Packing(unittest.TestCase):
    def setUp(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, source in SOURCES.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(source, "latin-1")
            self.library = Library()
            self.library.pack_folder(folder, PLACE, frozenset(["packed/left"]))
        hooks, path = sys.path_hooks[:], sys.path[:]
        sys.path_hooks.insert(0, self.library.hook)
        sys.path.append(PLACE)

        def undo() -> None:
            sys.path_hooks[:], sys.path[:] = hooks, path
            sys.path_importer_cache.pop(PLACE, None)
            for name in [name for name in sys.modules if name.startswith("packed")]:
                del sys.modules[name]

        self.addCleanup(undo)

    def test_what_is_packed(self) -> None:
        packed = {path.removeprefix(f"{PLACE}/") for path in self.library.modules}
        self.assertEqual(packed, {"packed_alone.py", "packed/__init__.py", "packed/part.py"})

    def test_modules_and_packages_are_imported(self) -> None:
        import packed
        import packed.part
        import packed_alone

        self.assertEqual((packed.WORD, packed.__path__), ("café", [f"{PLACE}/packed"]))
        self.assertEqual(packed.part.__file__, f"{PLACE}/packed/part.py")
        self.assertIsNone(getattr(packed_alone, "__path__", None))
        with self.assertRaises(ModuleNotFoundError):
            import packed.nothing

    def test_sources_are_there(self) -> None:
        import packed_alone

        self.assertEqual(inspect.getsource(packed_alone.fails), SOURCES["packed_alone.py"])
        linecache.clearcache()
        try:
            packed_alone.fails()
        except ValueError:
            said = traceback.format_exc()
        self.assertIn("raise ValueError('packed')  # the line", said)
        self.assertIn(f"{PLACE}/packed_alone.py", said)

    def test_other_folders_are_not_claimed(self) -> None:
        for path in ("/", "/a folder", f"{PLACE}/nothing", ""):
            with self.subTest(path), self.assertRaises(ImportError):
                self.library.hook(path)

    def test_data_is_read_as_the_source(self) -> None:
        import packed

        loader = packed.__loader__
        self.assertEqual(loader.get_data(f"{PLACE}/packed/part.py"), SOURCES["packed/part.py"].encode("latin-1"))
        with self.assertRaises(FileNotFoundError):
            loader.get_data(f"{PLACE}/packed/data.txt")

    def test_modules_from_files_are_adopted(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "packed_alone.py").write_text("V = 1\n")
            sys.path.insert(0, folder)
            import packed_alone

            self.library.adopt(PLACE)
        self.assertEqual(packed_alone.__loader__.get_source("packed_alone"), SOURCES["packed_alone.py"])


if __name__ == "__main__":
    unittest.main()
