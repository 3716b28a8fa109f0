"""Encodings of values in pages: bytes to arrays.

What is text becomes an array of `str`, other bytes one of `bytes`, those of a fixed length rows of `uint8`; INT96, of which only
timestamps are made, nanoseconds.
"""

import struct
from collections.abc import Callable

import numpy as np

from .bits import read_runs, unpack
from .errors import ParquetError, plausible

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)
"""Physical types, by their numbers in a file."""

DTYPES = {INT32: np.dtype("<i4"), INT64: np.dtype("<i8"), FLOAT: np.dtype("<f4"), DOUBLE: np.dtype("<f8")}

PLAIN, _, PLAIN_DICTIONARY, RLE, BIT_PACKED, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, RLE_DICTIONARY, BYTE_STREAM_SPLIT = (
    range(10)
)


class Leaf:
    """How the values of a column lie in pages."""

    def __init__(self, physical: int, size: int, is_text: bool) -> None:
        self.physical = physical
        self.size = size
        self.is_text = is_text

    def decode(self, encoding: int, data: bytes, count: int) -> np.ndarray:
        """`count` values of a page that has no dictionary."""
        decoder = DECODERS.get(encoding)
        if decoder is None:
            raise ParquetError(f"a page has the encoding {encoding}, which is not known")
        return decoder(self, data, count)


def needs(data: bytes, size: int) -> None:
    if len(data) < size:
        raise ParquetError(f"a page has {len(data)} bytes of values where its values take {size}")


def plain(leaf: Leaf, data: bytes, count: int) -> np.ndarray:
    if dtype := DTYPES.get(leaf.physical):
        needs(data, count * dtype.itemsize)
        return np.frombuffer(data, dtype, count)
    if leaf.physical == BOOLEAN:
        needs(data, (count + 7) // 8)
        return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little", count=count).astype(bool)
    if leaf.physical == INT96:
        needs(data, count * 12)
        parts = np.frombuffer(data, np.dtype([("nanoseconds", "<i8"), ("day", "<i4")]), count)
        with np.errstate(over="ignore"):
            return (parts["day"].astype(np.int64) - 2_440_588) * 86_400_000_000_000 + parts["nanoseconds"]
    if leaf.physical == FIXED:
        needs(data, count * leaf.size)
        return np.frombuffer(data, np.uint8, count * leaf.size).reshape(count, leaf.size)
    needs(data, count * 4)
    return texts(data, *plain_places(data, count), leaf.is_text)


def plain_places(data: bytes, count: int) -> tuple[list[int], list[int]]:
    """Where texts begin and end, each of which has its length before it."""
    starts, ends = [], []
    at = 0
    length = struct.Struct("<I").unpack_from
    try:
        for _ in range(count):
            start = at + 4
            at = start + length(data, at)[0]
            starts.append(start)
            ends.append(at)
    except struct.error:
        raise ParquetError(f"a page ends after {len(starts)} of {count} texts") from None
    if at > len(data):
        raise ParquetError(f"a page ends within its {count} texts")
    return starts, ends


def texts(data: bytes, starts: list[int], ends: list[int], is_text: bool) -> np.ndarray:
    """The parts of the data as objects."""
    out = np.empty(len(starts), object)
    if not is_text:
        out[:] = [data[start:end] for start, end in zip(starts, ends)]
        return out
    if data.isascii():
        whole = data.decode("ascii")
        out[:] = [whole[start:end] for start, end in zip(starts, ends)]
        return out
    try:
        out[:] = [data[start:end].decode() for start, end in zip(starts, ends)]
    except UnicodeDecodeError as error:
        raise ParquetError(f"a text is not UTF-8: {error}") from None
    return out


def runs(leaf: Leaf, data: bytes, count: int) -> np.ndarray:
    if leaf.physical != BOOLEAN:
        raise ParquetError("runs hold values that are not true or false")
    needs(data, 4)
    size = int.from_bytes(data[:4], "little")
    return read_runs(data[4 : 4 + size], 1, count, np.uint8).astype(bool)


class Deltas:
    """Numbers as differences from the one before: in blocks, each with the least, and what is over in as few bits as need be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def varint(self) -> int:
        value = shift = 0
        while True:
            if self.at >= len(self.data) or shift > 63:
                raise ParquetError("a page ends within a number")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def read(self, wanted: int) -> np.ndarray:
        """So many numbers. Some writers put more there, which nobody is to read."""
        block, minis, count, first = self.varint(), self.varint(), self.varint(), self.zigzag()
        if count < wanted:
            raise ParquetError(f"a page has {count} numbers where {wanted} are to be")
        plausible(count, len(self.data), "a page's numbers")
        if not 0 < minis <= block <= 1 << 20 or block % minis or (block // minis) % 8:
            raise ParquetError(f"blocks of {block} numbers in {minis} parts cannot be")
        size = block // minis
        # Parts of the same width are unpacked as one.
        places: dict[int, list[tuple[int, int]]] = {}
        leasts: list[int] = []
        parts = 0
        left = count - 1
        while left > 0:
            least = self.zigzag() & 0xFFFF_FFFF_FFFF_FFFF
            widths = self.data[self.at : self.at + minis]
            self.at += minis
            if len(widths) < minis:
                raise ParquetError("a page ends within a block of numbers")
            for width in widths:
                if left <= 0:
                    break
                if width > 64:
                    raise ParquetError(f"numbers of {width} bits cannot be")
                # What nobody reads of the last part may be left out.
                if self.at + (min(size, left) * width + 7) // 8 > len(self.data):
                    raise ParquetError("a page ends within a block of numbers")
                places.setdefault(width, []).append((parts, self.at))
                leasts.append(least)
                self.at += size * width // 8
                parts += 1
                left -= size
        self.at = min(self.at, len(self.data))
        deltas = np.empty((parts, size), np.uint64)
        for width, found in places.items():
            length = size * width // 8
            packed = b"".join(self.data[at : at + length].ljust(length, b"\0") for _, at in found)
            unpacked = unpack(np.frombuffer(packed, np.uint8), width, len(found) * size)
            deltas[[part for part, _ in found]] = unpacked.reshape(-1, size)
        deltas += np.array(leasts, np.uint64)[:, None]
        out = np.empty(count, np.uint64)
        if count:
            out[0] = first & 0xFFFF_FFFF_FFFF_FFFF
            out[1:] = deltas.reshape(-1)[: count - 1]
        return np.add.accumulate(out).view(np.int64)[:wanted]

    def lengths(self, count: int) -> np.ndarray:
        """Numbers that are lengths of texts."""
        found = self.read(count)
        if len(found) and (found.min() < 0 or found.max() > len(self.data)):
            raise ParquetError("a text is said to be longer than its page, or shorter than nothing")
        return found


def delta_binary_packed(leaf: Leaf, data: bytes, count: int) -> np.ndarray:
    if leaf.physical not in (INT32, INT64):
        raise ParquetError("differences hold values that are no whole numbers")
    found = Deltas(data).read(count)
    return found if leaf.physical == INT64 else found.astype(np.int32)


def delta_length_byte_array(leaf: Leaf, data: bytes, count: int) -> np.ndarray:
    deltas = Deltas(data)
    lengths = deltas.lengths(count)
    ends = np.cumsum(lengths)
    if count and ends[-1] > len(data) - deltas.at:
        raise ParquetError(f"a page ends within its {count} texts")
    return texts(data[deltas.at :], (ends - lengths).tolist(), ends.tolist(), leaf.is_text)


def delta_byte_array(leaf: Leaf, data: bytes, count: int) -> np.ndarray:
    """Each text is the beginning of the one before, and what follows."""
    deltas = Deltas(data)
    same = deltas.lengths(count).tolist()
    rest = Deltas(data[deltas.at :])
    lengths = rest.lengths(count).tolist()
    data, at, last, total = rest.data, rest.at, b"", 0
    found = []
    for beginning, length in zip(same, lengths):
        if beginning > len(last) or length > len(data) - at:
            raise ParquetError("a text repeats more of the one before than there is")
        last = last[:beginning] + data[at : at + length]
        at += length
        total += len(last)
        if total > 1 << 31:
            raise ParquetError("a page has more than 2 GiB of texts")
        found.append(last)
    if leaf.physical == FIXED:
        if any(len(one) != leaf.size for one in found):
            raise ParquetError(f"a value has not the {leaf.size} bytes of its column")
        return np.frombuffer(b"".join(found), np.uint8).reshape(count, leaf.size)
    out = np.empty(count, object)
    try:
        out[:] = [one.decode() for one in found] if leaf.is_text else found
    except UnicodeDecodeError as error:
        raise ParquetError(f"a text is not UTF-8: {error}") from None
    return out


def byte_stream_split(leaf: Leaf, data: bytes, count: int) -> np.ndarray:
    """All first bytes of the values, then all second ones, and so on."""
    dtype = DTYPES.get(leaf.physical)
    size = dtype.itemsize if dtype else leaf.size
    if dtype is None and leaf.physical != FIXED:
        raise ParquetError("values of no fixed length are split by bytes")
    needs(data, count * size)
    rows = np.ascontiguousarray(np.frombuffer(data, np.uint8, count * size).reshape(size, count).T)
    return rows.view(dtype).reshape(count) if dtype else rows


DECODERS: dict[int, Callable[[Leaf, bytes, int], np.ndarray]] = {
    PLAIN: plain, RLE: runs, DELTA_BINARY_PACKED: delta_binary_packed, DELTA_LENGTH_BYTE_ARRAY: delta_length_byte_array,
    DELTA_BYTE_ARRAY: delta_byte_array, BYTE_STREAM_SPLIT: byte_stream_split,
}  # fmt: skip
