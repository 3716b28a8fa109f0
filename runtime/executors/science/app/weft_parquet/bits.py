"""Whole numbers in as few bits as they need, and runs of them."""

import numpy as np

from .errors import ParquetError
from .thrift import varint


def unpack(data: np.ndarray, width: int, count: int) -> np.ndarray:
    """`count` numbers of `width` bits, from 0 to 64, lowest bits first, as `uint64`."""
    if width == 0 or count == 0:
        return np.zeros(count, np.uint64)
    groups = -(-count // 8)
    if groups * width > len(data):
        padded = np.zeros(groups * width, np.uint8)
        padded[: len(data)] = data
        data = padded
    # Eight numbers take as many bytes as each has bits: each of the eight lies at the same place of every group.
    columns = data[: groups * width].reshape(groups, width)
    out = np.empty((groups, 8), np.uint64)
    mask = np.uint64((1 << width) - 1)
    for place in range(8):
        first, shift = divmod(place * width, 8)
        last = (place * width + width - 1) // 8
        value = columns[:, first].astype(np.uint64) >> np.uint64(shift)
        for byte in range(first + 1, last + 1):
            value |= columns[:, byte].astype(np.uint64) << np.uint64(8 * (byte - first) - shift)
        out[:, place] = value & mask
    return out.reshape(-1)[:count]


def pack(values: np.ndarray, width: int) -> bytes:
    """The reverse: whole groups of eight, filled up with zeros."""
    groups = -(-len(values) // 8)
    padded = np.zeros(groups * 8, np.uint64)
    padded[: len(values)] = values
    padded = padded.reshape(groups, 8)
    out = np.zeros((groups, width), np.uint8)
    for place in range(8):
        first, shift = divmod(place * width, 8)
        last = (place * width + width - 1) // 8
        value = padded[:, place]
        out[:, first] |= (value << np.uint64(shift)).astype(np.uint8)
        for byte in range(first + 1, last + 1):
            out[:, byte] |= (value >> np.uint64(8 * (byte - first) - shift)).astype(np.uint8)
    return out.tobytes()


def read_runs(data: bytes, width: int, count: int, dtype: type) -> np.ndarray:
    """`count` numbers, in runs of one value and runs of packed ones."""
    if width > 32:
        raise ParquetError(f"runs of numbers of {width} bits cannot be")
    size = (width + 7) // 8
    counts, packed, values, pieces = [], [], [], []
    at, have, end = 0, 0, len(data)
    while have < count:
        head = shift = 0
        while True:
            if at >= end or shift > 63:
                raise ParquetError(f"a page ends after {have} of {count} numbers")
            byte = data[at]
            at += 1
            head |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        if head & 1:
            bytes_left = (head >> 1) * width
            run = min((head >> 1) * 8, count - have)
            # Some writers leave out what nobody reads of the last group.
            if (run * width + 7) // 8 > end - at:
                raise ParquetError(f"a page ends within a run after {have} of {count} numbers")
            pieces.append(data[at : at + min(bytes_left, -(-run // 8) * width)])
            short = -(-run // 8) * width - len(pieces[-1])
            if short:
                pieces.append(bytes(short))
            at += bytes_left
        else:
            run = min(head >> 1, count - have)
            if size > end - at:
                raise ParquetError(f"a page ends within a run after {have} of {count} numbers")
            values.append(int.from_bytes(data[at : at + size], "little"))
            at += size
        if run == 0:
            if head >> 1 == 0 and at < end:
                if not head & 1:
                    values.pop()
                continue
            raise ParquetError("a page holds a run of nothing")
        counts.append(run)
        packed.append(head & 1)
        have += run
    counts, packed = np.array(counts, np.int64), np.array(packed, bool)
    if not packed.any():
        return np.repeat(np.array(values, np.uint32).astype(dtype), counts)
    # Packed runs but the last are whole groups, so that all can be unpacked as one.
    lengths = -(-counts[packed] // 8) * 8
    unpacked = unpack(np.frombuffer(b"".join(pieces), np.uint8), width, int(lengths.sum())).astype(dtype)
    if len(counts) == 1:
        return unpacked[:count]
    out = np.empty(count, dtype)
    is_packed = np.repeat(packed, counts)
    out[is_packed] = unpacked[: counts[packed].sum()]
    out[~is_packed] = np.repeat(np.array(values, np.uint32).astype(dtype), counts[~packed])
    return out


def write_runs(values: np.ndarray, width: int) -> bytes:
    """One run: of one value if there is only one, else packed."""
    if len(values) == 0:
        return b""
    if width == 0 or (values == values[0]).all():
        return varint(len(values) << 1) + int(values[0]).to_bytes((width + 7) // 8, "little")
    return varint(-(-len(values) // 8) << 1 | 1) + pack(values, width)


def width_of(largest: int) -> int:
    """How many bits numbers up to this one need."""
    return int(largest).bit_length()
