"""Snappy's block format: a length, then literals and copies of what was written before."""

import numpy as np

from .errors import ParquetError

BLOCK = 1 << 16
"""Copies reach back within blocks of so many bytes, as those of other writers do."""


def decompress(data: bytes, size: int) -> bytes:
    """The `size` bytes that were compressed to `data`."""
    said, at = length(data)
    if said != size:
        raise ParquetError(f"a compressed page says that it has {said} bytes, its header {size}")
    out = bytearray()
    end = len(data)
    from_bytes = int.from_bytes
    try:
        while at < end:
            tag = data[at]
            kind = tag & 3
            if kind == 0:
                count = (tag >> 2) + 1
                at += 1
                if count > 60:
                    width = count - 60
                    count = from_bytes(data[at : at + width], "little") + 1
                    at += width
                if count > end - at:
                    raise ParquetError("a compressed page ends within a literal")
                out += data[at : at + count]
                at += count
                continue
            if kind == 1:
                count = (tag >> 2 & 7) + 4
                back = (tag & 0xE0) << 3 | data[at + 1]
                at += 2
            elif kind == 2:
                count = (tag >> 2) + 1
                back = data[at + 1] | data[at + 2] << 8
                at += 3
            else:
                count = (tag >> 2) + 1
                back = from_bytes(data[at + 1 : at + 5], "little")
                at += 5
            begin = len(out) - back
            if back == 0 or begin < 0:
                raise ParquetError("a compressed page copies what comes before its beginning")
            if count <= back:
                out += out[begin : begin + count]
            else:
                out += (out[begin:] * (count // back + 1))[:count]
            if len(out) > size:
                break
    except IndexError:
        raise ParquetError("a compressed page ends within a copy") from None
    if len(out) != size:
        raise ParquetError(f"a compressed page has not the {size} bytes that it says")
    return bytes(out)


def length(data: bytes) -> tuple[int, int]:
    """How long the content is said to be, and where it begins."""
    value = 0
    for at, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            return value, at + 1
    raise ParquetError("a compressed page does not say how long it is")


def compress(data: bytes) -> bytes:
    """Compresses; the same bytes give the same bytes."""
    out = bytearray()
    value = len(data)
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    for begin in range(0, len(data), BLOCK):
        compress_block(data[begin : begin + BLOCK], out)
    return bytes(out)


def compress_block(block: bytes, out: bytearray) -> None:
    """Copies where four bytes were there before; the nearest place is taken, and as much as follows it."""
    size = len(block)
    begin = 0
    if size >= 16:
        starts, backs, counts = matches(np.frombuffer(block, np.uint8))
        at = 0
        for start, back, count in zip(starts.tolist(), backs.tolist(), counts.tolist()):
            if start < at:
                # A part of it was copied with the match before.
                count -= at - start
                start = at
                if count < 4:
                    continue
            if start > begin:
                literal(block[begin:start], out)
            at = begin = start + count
            copy(back, count, out)
    if begin < size:
        literal(block[begin:], out)


def matches(data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where runs begin that were there before, how far back, and how long they are."""
    words = data[:-3].astype(np.uint64)
    for place in (1, 2, 3):
        words |= data[place : len(data) - 3 + place].astype(np.uint64) << np.uint64(8 * place)
    places = np.arange(len(words), dtype=np.uint64)
    # Equal words lie side by side, in the order of their places.
    ordered = np.sort(words << np.uint64(16) | places)
    places = (ordered & np.uint64(0xFFFF)).astype(np.int64)
    same = ordered[1:] >> np.uint64(16) == ordered[:-1] >> np.uint64(16)
    back = np.zeros(len(words), np.int64)
    back[places[1:][same]] = (places[1:] - places[:-1])[same]
    # A run is a row of places that lie equally far behind their like.
    edges = np.flatnonzero(np.diff(back)) + 1
    starts = np.concatenate(([0], edges))
    counts = np.diff(np.concatenate((starts, [len(back)]))) + 3
    found = back[starts] > 0
    return starts[found], back[starts][found], counts[found]


def literal(data: bytes, out: bytearray) -> None:
    count = len(data) - 1
    if count < 60:
        out.append(count << 2)
    elif count < 256:
        out += bytes((60 << 2, count))
    else:
        out += bytes((61 << 2, count & 0xFF, count >> 8))
    out += data


def copy(back: int, count: int, out: bytearray) -> None:
    while count > 0:
        part = min(count, 64)
        if 0 < count - part < 4:
            # Short copies have a form of their own for four bytes and more.
            part -= 4
        if 4 <= part <= 11 and back < 2048:
            out += bytes(((back >> 8) << 5 | (part - 4) << 2 | 1, back & 0xFF))
        else:
            out += bytes(((part - 1) << 2 | 2, back & 0xFF, back >> 8))
        count -= part
