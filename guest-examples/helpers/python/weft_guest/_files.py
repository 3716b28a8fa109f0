"""Files on handles."""

import encodings.utf_8_sig  # noqa: F401 - what is imported while the component is built is in it; nothing can be later
import io
import json
from typing import IO, Any, BinaryIO, Literal, Protocol, TextIO, overload

from componentize_py_types import Err

from ._errors import ArtifactError, explain

PIECE = 256 * 1024
"""How much is moved at once: enough that a call costs nothing beside the bytes it moves."""


class Readable(Protocol):
    """Artifacts of every kind, files inside of them, and types of your own with these methods."""

    def length(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes: ...


class Writable(Protocol):
    """Artifacts of every kind that this step made, their files, and types of your own with this method."""

    def write(self, offset: int, bytes: bytes) -> None: ...


class _Raw(io.RawIOBase):
    """What readers and writers share: a position. Closing it leaves the handle alone, which belongs to the caller."""

    def __init__(self) -> None:
        self._position = 0

    def _end(self) -> int:
        raise NotImplementedError

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end()}[whence]
        if start + offset < 0:
            raise ValueError("sought before the start")
        self._position = start + offset
        return self._position


class _Reader(_Raw):
    def __init__(self, handle: Readable) -> None:
        super().__init__()
        self._handle = handle

    def _end(self) -> int:
        return self._handle.length()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), PIECE, self._end() - self._position)
        if wanted <= 0:
            return 0
        try:
            piece = self._handle.read(self._position, wanted)
        except Err as refused:
            raise ArtifactError(explain(refused.value)) from refused
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


class _Writer(_Raw):
    def __init__(self, handle: Writable) -> None:
        super().__init__()
        self._handle = handle
        self._furthest = 0

    def _end(self) -> int:
        return self._furthest

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(memoryview(data)[:PIECE])
        try:
            self._handle.write(self._position, piece)
        except Err as refused:
            raise ArtifactError(explain(refused.value)) from refused
        self._position += len(piece)
        self._furthest = max(self._furthest, self._position)
        return len(piece)


@overload
def open_artifact(handle: Readable, mode: Literal["r"] = "r", *, newline: str | None = None) -> TextIO: ...
@overload
def open_artifact(handle: Readable, mode: Literal["rb"]) -> BinaryIO: ...
@overload
def open_artifact(handle: Writable, mode: Literal["w"], *, newline: str | None = None) -> TextIO: ...
@overload
def open_artifact(handle: Writable, mode: Literal["wb"]) -> BinaryIO: ...
def open_artifact(handle: Any, mode: str = "r", *, newline: str | None = None) -> IO[Any]:
    """A file object on a handle, buffered, seekable, and to be used in a `with` statement.

    Text is UTF-8, a byte order mark at its start is passed over, and `newline` means what it means to `open`: the module `csv` wants "".
    Closing a file that is written flushes it; the handle stays open. What the runtime refuses is an `ArtifactError`, which is an
    `OSError`.
    """
    if mode == "r":
        return io.TextIOWrapper(io.BufferedReader(_Reader(handle), PIECE), encoding="utf-8-sig", newline=newline)
    if mode == "rb":
        return io.BufferedReader(_Reader(handle), PIECE)
    if mode == "w":
        return io.TextIOWrapper(io.BufferedWriter(_Writer(handle), PIECE), encoding="utf-8", newline=newline or "\n")
    if mode == "wb":
        return io.BufferedWriter(_Writer(handle), PIECE)
    raise ValueError(f"the mode is r, rb, w or wb, not {mode!r}")


def read_bytes(handle: Readable) -> bytes:
    """All bytes."""
    with open_artifact(handle, "rb") as file:
        return file.read()


def read_text(handle: Readable) -> str:
    """All of it as UTF-8 text."""
    with open_artifact(handle, newline="") as file:
        return file.read()


def read_json(handle: Readable) -> Any:
    """What it says as JSON."""
    return json.loads(read_text(handle))


def write_bytes(handle: Writable, data: bytes) -> None:
    """Writes these bytes from the start on."""
    with open_artifact(handle, "wb") as file:
        file.write(data)


def write_text(handle: Writable, text: str) -> None:
    """Writes this text from the start on, as UTF-8."""
    with open_artifact(handle, "w") as file:
        file.write(text)


def write_json(handle: Writable, value: Any, *, indent: int | None = 2) -> None:
    """Writes plain lists, dictionaries and values as JSON. Numbers that JSON does not have, such as NaN, are a `ValueError`."""
    write_text(handle, json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")
