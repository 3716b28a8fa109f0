"""`/dev/null`, which a sandbox's files have not: it swallows what is written, and has nothing to read."""

import _pyio
import builtins
import io
import os
import posix
import tempfile


class Null(io.RawIOBase):
    """The open device."""

    name, mode = os.devnull, "rb+"

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        self._checkClosed()
        return 0

    def write(self, data: bytes) -> int:
        self._checkClosed()
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def truncate(self, size: int | None = None) -> int:
        return 0


def install() -> None:
    file = io.open

    def open(path, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):  # noqa: A001
        if path == os.devnull and opener is None:
            return device(mode, buffering, encoding, errors, newline)
        return file(path, mode, buffering, encoding, errors, newline, closefd, opener)

    open.__doc__, open.__module__ = file.__doc__, "_io"
    builtins.open = io.open = _pyio.open = open
    descriptor = posix.open

    def open_descriptor(path, flags, mode=0o777, *, dir_fd=None):
        if path == os.devnull:
            # A file without a name is as near as one comes to it.
            number, path = tempfile.mkstemp()
            os.unlink(path)
            return number
        return descriptor(path, flags, mode, dir_fd=dir_fd)

    os.open = posix.open = open_descriptor


def device(mode: str, buffering: int, encoding: str | None, errors: str | None, newline: str | None) -> io.IOBase:
    if "b" in mode:
        if buffering == 0:
            return Null()
        if "+" in mode:
            return io.BufferedRandom(Null())
        return io.BufferedReader(Null()) if "r" in mode else io.BufferedWriter(Null())
    within = io.BufferedReader(Null()) if "r" in mode and "+" not in mode else io.BufferedWriter(Null())
    if "+" in mode:
        within = io.BufferedRandom(Null())
    return io.TextIOWrapper(within, encoding, errors, newline, line_buffering=buffering == 1)
