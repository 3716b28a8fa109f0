"""Modules kept in memory: the standard library and kfp, which a sandbox has no files of.

A component is a snapshot of an interpreter that has already started. What a program imports later must lie in that snapshot, so
every module is packed there, compressed, and a path hook serves the packed ones as if they were files below a folder.
"""

import importlib.abc
import importlib.util
import marshal
import os
import sys
import zlib
from collections.abc import Iterator
from typing import NamedTuple


class Packed(NamedTuple):
    """One module, compressed: its source for tracebacks and `inspect`, its code so that nothing is compiled at run time."""

    source: bytes
    code: bytes


class Library:
    """Packed modules by the path of the file that each seems to have."""

    def __init__(self) -> None:
        self.modules: dict[str, Packed] = {}
        self.folders: set[str] = set()

    def pack(self, source: bytes, path: str) -> None:
        """Packs one module's source."""
        code = compile(source, path, "exec", dont_inherit=True)
        self.modules[path] = Packed(zlib.compress(source, 9), zlib.compress(marshal.dumps(code), 9))
        self.folders.add(os.path.dirname(path))

    def pack_folder(self, folder: str, place: str, left_out: frozenset[str] = frozenset()) -> None:
        """Packs the modules below `folder` as if they lay below `place`, without the paths in `left_out`."""
        self.folders.add(place)
        for path in sources(folder, left_out):
            with open(f"{folder}/{path}", "rb") as file:
                self.pack(file.read(), f"{place}/{path}")

    def hook(self, path: str) -> "Folder":
        """A hook for `sys.path_hooks`."""
        if path not in self.folders:
            raise ImportError(f"nothing is packed below {path}", path=path)
        return Folder(self, path)

    def adopt(self, place: str) -> None:
        """Makes the modules that were imported from files before they were packed find their sources here.

        `place` is where the standard library's modules are packed.
        """
        for name, module in list(sys.modules.items()):
            spec = getattr(module, "__spec__", None)
            if not isinstance(getattr(spec, "loader", None), importlib.abc.FileLoader):
                continue
            path = f"{place}/{name.replace('.', '/')}"
            path += "/__init__.py" if spec.submodule_search_locations is not None else ".py"
            if path in self.modules:
                module.__loader__ = spec.loader = Loader(self, name, path)
                if spec.submodule_search_locations is not None:
                    module.__path__ = spec.submodule_search_locations = [os.path.dirname(path)]


def sources(folder: str, left_out: frozenset[str], within: str = "") -> Iterator[str]:
    """The Python files below a folder, as paths from there, in the order of their names. Tests are left out."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = f"{within}{entry.name}"
        if path in left_out or entry.name.endswith("_test.py") or entry.name in ("__pycache__", "test", "tests"):
            continue
        if entry.is_dir():
            yield from sources(entry.path, left_out, f"{path}/")
        elif entry.name.endswith(".py"):
            yield path


class Folder(importlib.abc.PathEntryFinder):
    """Finds the modules packed directly below one folder."""

    def __init__(self, library: Library, path: str) -> None:
        self.library = library
        self.path = path

    def find_spec(self, fullname: str, target: object = None) -> importlib.machinery.ModuleSpec | None:
        place = f"{self.path}/{fullname.rpartition('.')[2]}"
        for path, within in ((f"{place}/__init__.py", [place]), (f"{place}.py", None)):
            if path in self.library.modules:
                loader = Loader(self.library, fullname, path)
                return importlib.util.spec_from_file_location(
                    fullname, path, loader=loader, submodule_search_locations=within
                )
        return None


class Loader(importlib.abc.ExecutionLoader):
    """Loads one packed module."""

    def __init__(self, library: Library, name: str, path: str) -> None:
        self.library = library
        self.name = name
        self.path = path

    def is_package(self, fullname: str) -> bool:
        return self.path.endswith("/__init__.py")

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(zlib.decompress(self.library.modules[self.path].source))

    def get_code(self, fullname: str) -> object:
        return marshal.loads(zlib.decompress(self.library.modules[self.path].code))

    def get_data(self, path: str) -> bytes:
        try:
            return zlib.decompress(self.library.modules[path].source)
        except KeyError:
            raise FileNotFoundError(path) from None
