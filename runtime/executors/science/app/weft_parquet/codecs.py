"""Compression of pages."""

import zlib

from . import snappy, zstandard
from .errors import ParquetError, Unsupported

NAMES = ("uncompressed", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw")
"""By their numbers in a file."""


def decompress(codec: int, data: bytes, size: int) -> bytes:
    """The `size` bytes of a page."""
    name = NAMES[codec] if 0 <= codec < len(NAMES) else f"number {codec}"
    if name == "uncompressed":
        found = data
    elif name == "snappy":
        return snappy.decompress(data, size)
    elif name == "gzip":
        found = gunzip(data, size)
    elif name == "lz4_raw":
        found = lz4(data, size)
    elif name == "zstd":
        found = zstandard.decompress(data, size)
    else:
        raise Unsupported(f"the file is compressed with {name}; read are snappy, gzip, zstd, lz4_raw and no compression")
    if len(found) != size:
        raise ParquetError(f"a compressed page has not the {size} bytes that its header says")
    return found


def codec(name: str | None) -> int:
    """The number of the compression that a writer is asked for."""
    name = (name or "uncompressed").lower()
    name = "uncompressed" if name == "none" else name
    if name in ("snappy", "gzip", "uncompressed"):
        return NAMES.index(name)
    if name in NAMES:
        raise Unsupported(f'compression {name!r} is not available: files are written here with "snappy", "gzip" or None')
    raise ValueError(f"unsupported compression: {name!r}")


def compress(codec: int, data: bytes) -> bytes:
    name = NAMES[codec]
    if name == "snappy":
        return snappy.compress(data)
    if name == "gzip":
        # As `gzip.compress`, with neither time nor name.
        return zlib.compress(data, 6, wbits=31)
    return data


def gunzip(data: bytes, size: int) -> bytes:
    """Members of gzip, one behind the other, or zlib's own format."""
    out = b""
    try:
        while data and len(out) <= size:
            stream = zlib.decompressobj(wbits=47)
            # Without a length it takes all that comes.
            out += stream.decompress(data, size - len(out) + 1)
            if not stream.eof:
                break
            data = stream.unused_data
    except zlib.error as error:
        raise ParquetError(f"a page cannot be decompressed: {error}") from None
    return out


def lz4(data: bytes, size: int) -> bytes:
    """LZ4's block format."""
    out = bytearray()
    at, end = 0, len(data)

    def more(count: int) -> int:
        nonlocal at
        while count >= 15:
            byte = data[at]
            at += 1
            count += byte
            if byte < 255:
                break
        return count

    try:
        while at < end and len(out) <= size:
            token = data[at]
            at += 1
            count = more(token >> 4)
            if count > end - at:
                raise ParquetError("a compressed page ends within a literal")
            out += data[at : at + count]
            at += count
            if at == end:
                break
            back = data[at] | data[at + 1] << 8
            at += 2
            count = more(token & 15) + 4
            begin = len(out) - back
            if back == 0 or begin < 0:
                raise ParquetError("a compressed page copies what comes before its beginning")
            if count > size - len(out):
                raise ParquetError(f"a compressed page has more than the {size} bytes that its header says")
            out += out[begin : begin + count] if count <= back else (out[begin:] * (count // back + 1))[:count]
    except IndexError:
        raise ParquetError("a compressed page ends within a copy") from None
    return bytes(out)
