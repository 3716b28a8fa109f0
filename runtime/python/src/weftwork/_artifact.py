"""Artifacts in a store."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Union

from weftwork import _program
from weftwork._text import file_name

#: Copies of artifacts, by store and artifact, in a folder that this process removes at its end.
_copies: dict[tuple[str, int], Path] = {}
_folder: Optional[str] = None


@dataclass(frozen=True)
class Artifact:
    """An artifact: a file or a directory in the store, and what is known of it."""

    id: int
    """Its number in the store's ML Metadata."""
    type: str
    """The title of its schema, such as `system.Model`."""
    uri: str
    """Its content's digest, as `blake3:HEX`, or `blake3-tree:HEX` of a directory."""
    metadata: Mapping[str, Any]
    """Its properties."""
    store: str = field(repr=False)
    """The store's folder."""

    @property
    def path(self) -> Path:
        """A copy of its content, made when first asked for. It is there until this process ends; `export` makes one that stays."""
        key = (self.store, self.id)
        if key not in _copies or not os.path.lexists(_copies[key]):
            folder = Path(tempfile.mkdtemp(dir=_scratch()))
            _copies[key] = self.export(folder / file_name(self.name))
        return _copies[key]

    @property
    def name(self) -> str:
        """The output that it was, or what its importer is called."""
        return str(self.details().get("name") or "artifact")

    def export(self, destination: Union[str, os.PathLike[str]], *, force: bool = False) -> Path:
        """Copies its content to a file or directory, which is then the user's. Files that are there are replaced with `force` only."""
        arguments = ["artifact", "export", *(["--force"] if force else []), "--", str(self.id), os.fspath(destination)]
        _program.ask(arguments, self.store)
        return Path(destination)

    def read_bytes(self) -> bytes:
        """The content of a file."""
        return _program.ask(["artifact", "cat", "--", str(self.id)], self.store).out

    def read_text(self) -> str:
        """The content of a file that is UTF-8."""
        return self.read_bytes().decode()

    def details(self) -> Mapping[str, Any]:
        """All that the store knows of it: name, size, producer, .. as `weft artifact show --json` gives it."""
        return dict(_program.document(["artifact", "show", "--", str(self.id)], self.store))

    def lineage(self, direction: str = "both") -> Mapping[str, Any]:
        """Where it comes from (`up`), what came of it (`down`), or both: artifacts, executions and the edges between them."""
        if direction not in ("up", "down", "both"):
            raise ValueError(f"the direction is `up`, `down` or `both`, not {direction!r}")
        return dict(_program.document(["lineage", f"--{direction}", "--", str(self.id)], self.store))


def _scratch() -> str:
    global _folder
    if _folder is None or not os.path.isdir(_folder):
        _folder = tempfile.mkdtemp(prefix="weftwork-")
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    return _folder
