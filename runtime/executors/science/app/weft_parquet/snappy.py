"""Snappy's block format: a length, then literals and copies of what was written before."""

import numpy as np

from .errors import ParquetError

SHORTEST = 6
"""Bytes that are worth a copy."""
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
        while at < end and len(out) <= size:
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
            out += out[begin : begin + count] if count <= back else (out[begin:] * (count // back + 1))[:count]
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
    data = np.frombuffer(block, np.uint8)
    starts, backs, ends = matches(data) if size >= 16 else (np.zeros(0, np.int64),) * 3
    # One more, empty, for the literal at the end.
    starts, backs, ends = np.append(starts, size), np.append(backs, 1), np.append(ends, size)
    literals = starts - np.concatenate(([0], ends[:-1]))
    heads = (literals > 0) * (1 + (literals > 60) + (literals > 256))
    # Copies of more than 64 bytes are several.
    counts = ends - starts
    parts = -(-counts // 64)
    of_parts = np.repeat(np.arange(len(counts)), parts)
    within = np.arange(int(parts.sum())) - np.repeat(np.cumsum(parts) - parts, parts)
    lengths = np.minimum(counts[of_parts] - within * 64, 64)
    reach = backs[of_parts]
    is_short = (lengths >= 4) & (lengths <= 11) & (reach < 2048)
    widths = np.where(is_short, 2, 3)
    copies = np.bincount(of_parts, widths, minlength=len(counts)).astype(np.int64)
    places = np.cumsum(heads + literals + copies) - (heads + literals + copies)
    packed = np.zeros(int((heads + literals + copies).sum()), np.uint8)
    put_literals(packed, data, places, heads, literals, starts)
    at = np.repeat(places + heads + literals, parts) + np.cumsum(widths) - widths
    at -= np.repeat(np.cumsum(copies) - copies, parts)
    packed[at] = np.where(is_short, (reach >> 8) << 5 | (lengths - 4) << 2 | 1, (lengths - 1) << 2 | 2).astype(np.uint8)
    packed[at + 1] = (reach & 0xFF).astype(np.uint8)
    packed[at[~is_short] + 2] = (reach[~is_short] >> 8).astype(np.uint8)
    out += packed.tobytes()


def put_literals(packed: np.ndarray, data: np.ndarray, places: np.ndarray, heads: np.ndarray, counts: np.ndarray, ends: np.ndarray) -> None:
    """Literals of `counts` bytes of the data up to `ends`, each with its head."""
    last = counts - 1
    packed[places[heads == 1]] = (last[heads == 1] << 2).astype(np.uint8)
    for head, tag in ((2, 60 << 2), (3, 61 << 2)):
        packed[places[heads == head]] = tag
        packed[places[heads == head] + 1] = (last[heads == head] & 0xFF).astype(np.uint8)
    packed[places[heads == 3] + 2] = (last[heads == 3] >> 8).astype(np.uint8)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    packed[np.repeat(places + heads, counts) + within] = data[np.repeat(ends - counts, counts) + within]


def matches(data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where runs begin that were there before, how far back, and where they end."""
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
    ends = np.concatenate((starts[1:], [len(back)])) + 3
    found = back[starts] > 0
    starts, ends, back = starts[found], ends[found], back[starts][found]
    # The short ones mostly lie across longer ones, and gain little.
    long = ends - starts >= SHORTEST
    starts, ends, back = starts[long], ends[long], back[long]
    kept, firsts, at = [], [], 0
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist())):
        if start < at:
            # A part of it is copied with the one before.
            start = at
        if end - start >= 4:
            kept.append(number)
            firsts.append(start)
            at = end
    return np.array(firsts, np.int64), back[kept], ends[kept]
