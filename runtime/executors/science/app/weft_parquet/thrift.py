"""Thrift's compact protocol, in which Parquet writes what it says of a file.

A structure is read without its definition: a dictionary from the numbers of fields to their values, in which numbers are `int`, texts and
bytes `bytes`, lists `list`. Written are lists of `(number, type, value)`.
"""

import struct

from .errors import ParquetError

STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)

DEEPEST = 24
"""Structures within structures; those of Parquet are 6 deep."""


class Reader:
    """Reads structures one behind the other."""

    def __init__(self, data: bytes | memoryview, at: int = 0) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise ParquetError("metadata ends within a structure")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ParquetError("a number in the metadata is longer than 64 bits")

    def zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise ParquetError("metadata ends within a text")
        self.at += size
        return bytes(self.data[self.at - size : self.at])

    def structure(self, depth: int = 0) -> dict[int, object]:
        if depth > DEEPEST:
            raise ParquetError("metadata is nested too deeply")
        fields: dict[int, object] = {}
        number = 0
        while (head := self.byte()) & 0x0F != STOP:
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            kind = head & 0x0F
            fields[number] = kind == TRUE if kind in (TRUE, FALSE) else self.value(kind, depth)
        return fields

    def value(self, kind: int, depth: int) -> object:
        if kind in (I16, I32, I64):
            return self.zigzag()
        if kind == BINARY:
            return self.take(self.varint())
        if kind == STRUCT:
            return self.structure(depth + 1)
        if kind in (LIST, SET):
            return self.items(depth)
        if kind == BYTE:
            return self.byte()
        if kind in (TRUE, FALSE):
            return self.byte() == TRUE
        if kind == DOUBLE:
            return struct.unpack("<d", self.take(8))[0]
        if kind == MAP:
            return self.pairs(depth)
        raise ParquetError(f"metadata holds a value of the unknown type {kind}")

    def items(self, depth: int) -> list:
        head = self.byte()
        count = head >> 4
        if count == 15:
            count = self.varint()
        self.holds(count)
        return [self.value(head & 0x0F, depth + 1) for _ in range(count)]

    def pairs(self, depth: int) -> dict:
        count = self.varint()
        self.holds(count)
        kinds = self.byte() if count else 0
        return {repr(self.value(kinds >> 4, depth + 1)): self.value(kinds & 0x0F, depth + 1) for _ in range(count)}

    def holds(self, count: int) -> None:
        """An item takes a byte at the least."""
        if count > len(self.data) - self.at:
            raise ParquetError(f"metadata says that {count} items follow where it ends")


def written(fields: list[tuple[int, int, object]]) -> bytes:
    """A structure of fields in the order of their numbers; those whose value is `None` are left out."""
    out = bytearray()
    last = 0
    for number, kind, value in fields:
        if value is None:
            continue
        if kind == TRUE:
            kind = TRUE if value else FALSE
        out.append((number - last) << 4 | kind)
        last = number
        if kind not in (TRUE, FALSE):
            put(out, kind, value)
    out.append(STOP)
    return bytes(out)


def put(out: bytearray, kind: int, value: object) -> None:
    if kind in (I16, I32, I64):
        out += varint(value << 1 if value >= 0 else (-value << 1) - 1)
    elif kind == BYTE:
        out.append(value & 0xFF)
    elif kind == BINARY:
        data = value.encode() if isinstance(value, str) else value
        out += varint(len(data)) + data
    elif kind == STRUCT:
        out += value if isinstance(value, bytes) else written(value)
    elif kind == LIST:
        kind, items = value
        out += bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + varint(len(items))
        for item in items:
            put(out, kind, item)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
