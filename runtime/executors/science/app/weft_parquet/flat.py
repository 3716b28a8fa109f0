"""FlatBuffers, as far as Arrow's description of a schema needs them."""

import struct

from .errors import ParquetError

DEEPEST = 64


class Table:
    """A table in a buffer; its fields are found by their numbers."""

    def __init__(self, data: bytes, at: int, depth: int = 0) -> None:
        self.data, self.at, self.depth = data, at, depth
        if depth > DEEPEST:
            raise ParquetError("Arrow's schema is nested too deeply")
        self.fields = at - self.read("<i", at)
        self.size = self.read("<H", self.fields)

    def read(self, form: str, at: int) -> int:
        if at < 0:
            raise ParquetError("Arrow's schema points before its beginning")
        try:
            return struct.unpack_from(form, self.data, at)[0]
        except struct.error:
            raise ParquetError("Arrow's schema points behind its end") from None

    def place(self, number: int) -> int:
        """Where a field lies; 0 if it has its default."""
        entry = 4 + 2 * number
        offset = self.read("<H", self.fields + entry) if entry < self.size else 0
        return self.at + offset if offset else 0

    def number(self, number: int, form: str, default: int = 0) -> int:
        at = self.place(number)
        return self.read(form, at) if at else default

    def table(self, number: int) -> "Table | None":
        at = self.place(number)
        return Table(self.data, at + self.read("<I", at), self.depth + 1) if at else None

    def text(self, number: int) -> str | None:
        at = self.place(number)
        if not at:
            return None
        at += self.read("<I", at)
        length = self.read("<I", at)
        return self.data[at + 4 : at + 4 + length].decode(errors="replace")

    def tables(self, number: int) -> list["Table"]:
        at = self.place(number)
        if not at:
            return []
        at += self.read("<I", at)
        count = self.read("<I", at)
        if count > len(self.data) // 4:
            raise ParquetError("Arrow's schema has more fields than bytes")
        return [Table(self.data, place + self.read("<I", place), self.depth + 1) for place in range(at + 4, at + 4 + 4 * count, 4)]


class Builder:
    """Writes a buffer from its end to its beginning; places are distances from the end."""

    def __init__(self) -> None:
        self.data = b""

    def put(self, piece: bytes, align: int) -> int:
        """Puts a piece in front, so that it begins at a multiple of `align` from the end."""
        self.data = bytes(-(len(self.data) + len(piece)) % align) + self.data
        self.data = piece + self.data
        return len(self.data)

    def text(self, text: str) -> int:
        data = text.encode()
        # The length is the piece's beginning.
        return self.put(struct.pack("<I", len(data)) + data + b"\0" * (1 + -(len(data) + 1) % 4), 4)

    def tables(self, places: list[int]) -> int:
        size = 4 + 4 * len(places)
        self.data = bytes(-(len(self.data) + size) % 4) + self.data
        end = len(self.data) + size
        offsets = [end - 4 - 4 * index - place for index, place in enumerate(places)]
        return self.put(struct.pack(f"<{1 + len(places)}I", len(places), *offsets), 4)

    def table(self, fields: dict[int, tuple[str, int]]) -> int:
        """`fields` by their numbers: a format of `struct` and a number, or `"o"` and a place."""
        order = sorted(fields, key=lambda number: -struct.calcsize("<" + fields[number][0].replace("o", "I")))
        body, offsets = b"", {}
        # Fields of eight bytes begin at multiples of eight, counted from behind the table's first four bytes.
        for number in order:
            form = "<" + fields[number][0].replace("o", "I")
            offsets[number] = 4 + len(body)
            body += bytes(struct.calcsize(form))
        size = 4 + len(body)
        # The end of the table is aligned so that what stands behind its head is.
        pad = -(len(self.data) + len(body)) % 8
        self.data = bytes(pad) + self.data
        end = len(self.data) + size
        body = b""
        for number in order:
            kind, value = fields[number]
            body += struct.pack("<I", end - offsets[number] - value) if kind == "o" else struct.pack("<" + kind, value)
        count = max(fields, default=-1) + 1
        listed = [offsets.get(number, 0) for number in range(count)]
        head = struct.pack(f"<{2 + count}H", 4 + 2 * count, size, *listed)
        head += bytes(-len(head) % 4)
        self.data = head + struct.pack("<i", len(head)) + body + self.data
        return end

    def finish(self, root: int) -> bytes:
        size = len(self.data) + 4
        pad = -size % 8
        self.data = bytes(pad) + self.data
        return struct.pack("<I", len(self.data) + 4 - root) + self.data
