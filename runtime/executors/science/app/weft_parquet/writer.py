"""Files from columns. The same table gives the same bytes."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import arrow, codecs, elements, tables
from .arrays import shred, take
from .bits import width_of, write_runs
from .encodings import BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64, PLAIN, RLE, RLE_DICTIONARY
from .kinds import Column
from .pages import DATA, DICTIONARY, Levels
from .schema import MAGIC, Node
from .thrift import BINARY, I32, I64, LIST, STRUCT, TRUE, written

GROUP_ROWS = 1 << 20
PAGE_BYTES = 1 << 20
DICTIONARY_BYTES = 1 << 20
CREATED_BY = "weft version 1.0.0 (build science)"
I64_OF_UNIT = {"s": 1000}
"""Parquet has no seconds: they are milliseconds there."""


@dataclass
class Settings:
    codec: int
    group_rows: int = GROUP_ROWS
    coerce: str | None = None


def write(df: pd.DataFrame, index: bool | None, settings: Settings) -> bytes:
    """A file of a table."""
    fields, columns, said = tables.columns_of(df, index, settings.coerce)
    metadata = {b"pandas": json.dumps(said).encode()}
    if said["attributes"]:
        metadata[b"PANDAS_ATTRS"] = json.dumps(said["attributes"]).encode()
    metadata[arrow.KEY] = arrow.written(fields, metadata)
    nodes = elements.nodes(fields)
    rows = len(df)
    out = bytearray(MAGIC)
    groups = []
    for begin in range(0, rows, settings.group_rows) if columns else []:
        end = min(begin + settings.group_rows, rows)
        part = columns if end - begin == rows else [take(column, np.arange(begin, end)) for column in columns]
        groups.append(write_group(out, end - begin, part, nodes, settings))
    pairs = [[(1, BINARY, key), (2, BINARY, value)] for key, value in metadata.items()]
    leaves = sum(len(node.leaves()) for node in nodes)
    footer = written([
        (1, I32, 2),
        (2, LIST, (STRUCT, elements.elements(nodes))),
        (3, I64, rows if columns else 0),
        (4, LIST, (STRUCT, groups)),
        (5, LIST, (STRUCT, pairs)),
        (6, BINARY, CREATED_BY),
        # The order of statistics is each type's own.
        (7, LIST, (STRUCT, [[(1, STRUCT, b"\0")]] * leaves)),
    ])
    return bytes(out + footer + len(footer).to_bytes(4, "little") + MAGIC)


def write_group(out: bytearray, rows: int, columns: list[Column], nodes: list[Node], settings: Settings) -> list:
    begin = len(out)
    chunks, total = [], 0
    for column, node in zip(columns, nodes):
        for leaf, (levels, index, values) in zip(node.leaves(), shred(column, node)):
            chunk = Chunk(out, leaf, elements.path(node, leaf), settings.codec)
            chunks.append(chunk.write(levels, index, values))
            total += chunk.uncompressed
    return [(1, LIST, (STRUCT, chunks)), (2, I64, total), (3, I64, rows), (5, I64, begin), (6, I64, len(out) - begin)]


class Chunk:
    """The pages of a leaf in a group of rows."""

    def __init__(self, out: bytearray, leaf: Node, path: list[str], codec: int) -> None:
        self.out, self.leaf, self.path, self.codec = out, leaf, path, codec
        self.begin = len(out)
        self.uncompressed = 0

    def write(self, levels: Levels, index: np.ndarray, column: Column) -> list:
        """Writes them, and says where they are."""
        values = column.values if column.values is not None else np.zeros(0, np.int32)
        whole = len(index) == len(values)
        values = values if whole else values[index]
        values = physical(self.leaf, values, column) if column.categories is None else values
        dictionary, codes = (column.categories, values) if column.categories is not None else coded(values)
        dictionary_at = None
        if dictionary is not None:
            dictionary_at = len(self.out)
            body = plain(self.leaf, dictionary)
            self.page([(1, I32, DICTIONARY)], 7, [(1, I32, len(dictionary)), (2, I32, PLAIN)], body)
        data_at = len(self.out)
        self.pages(levels, values if dictionary is None else codes, dictionary)
        used = dictionary if dictionary is not None and column.categories is None else values
        if column.categories is not None:
            used = column.categories[np.unique(codes)] if len(codes) else column.categories[:0]
        encodings = [RLE, PLAIN] if dictionary is None else [PLAIN, RLE, RLE_DICTIONARY]
        about = [
            (1, I32, self.leaf.physical),
            (2, LIST, (I32, encodings)),
            (3, LIST, (BINARY, self.path)),
            (4, I32, self.codec),
            (5, I64, levels.count),
            (6, I64, self.uncompressed),
            (7, I64, len(self.out) - self.begin),
            (9, I64, data_at),
            (11, I64, dictionary_at),
            (12, STRUCT, statistics(self.leaf, used, levels.count - len(index))),
        ]
        return [(2, I64, 0), (3, STRUCT, about)]

    def pages(self, levels: Levels, values: np.ndarray, dictionary: np.ndarray | None) -> None:
        """Pages of about a mebibyte, each with whole rows."""
        rows = np.flatnonzero(levels.repeated == 0) if self.leaf.repeated else np.arange(levels.count)
        there = levels.defined == self.leaf.defined
        before = np.concatenate(([0], np.cumsum(there)))
        width = width_of(len(dictionary) - 1) if dictionary is not None and len(dictionary) else 0
        size = size_of(values) if dictionary is None else len(values) * width // 8
        step = max(1, len(rows) * PAGE_BYTES // max(size, 1)) if size > PAGE_BYTES else max(1, len(rows))
        for first in range(0, max(1, len(rows)), step):
            begin = int(rows[first]) if len(rows) else 0
            end = int(rows[first + step]) if first + step < len(rows) else levels.count
            body = b""
            for most, part in ((self.leaf.repeated, levels.repeated), (self.leaf.defined, levels.defined)):
                if most:
                    runs = write_runs(part[begin:end], width_of(most))
                    body += len(runs).to_bytes(4, "little") + runs
            part = values[before[begin] : before[end]]
            body += plain(self.leaf, part) if dictionary is None else bytes([width]) + write_runs(part, width)
            encoding = PLAIN if dictionary is None else RLE_DICTIONARY
            header = [(1, I32, end - begin), (2, I32, encoding), (3, I32, RLE), (4, I32, RLE)]
            self.page([(1, I32, DATA)], 5, header, body)

    def page(self, kind: list, number: int, header: list, body: bytes) -> None:
        packed = codecs.compress(self.codec, body)
        head = written([*kind, (2, I32, len(body)), (3, I32, len(packed)), (number, STRUCT, header)])
        self.out += head + packed
        self.uncompressed += len(head) + len(body)


def physical(leaf: Node, values: np.ndarray, column: Column) -> np.ndarray:
    """Values as they are written: of the width of their type, texts as bytes."""
    if leaf.physical == INT32:
        return values.astype(np.int64).astype("<i4") if values.dtype != np.int32 else values
    if leaf.physical == INT64:
        values = values.view(np.int64) if values.dtype == np.uint64 else values
        return values * 1000 if leaf.field.kind.unit == "s" and leaf.field.kind.name == "timestamp" else values
    if leaf.physical == FIXED and values.ndim == 1:
        return np.ascontiguousarray(values).view(np.uint8).reshape(-1, leaf.field.kind.bits // 8)
    return values


def coded(values: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """A dictionary and the values' numbers in it, where that is shorter, and for texts where it is not too long."""
    if values.ndim != 1 or values.dtype == bool or len(values) == 0:
        return None, values
    is_object = values.dtype == object
    view = values if is_object else values.view(f"i{values.dtype.itemsize}")
    some = view[:: max(1, len(view) // 2048)]
    if len(values) > 4096 and len(pd.unique(some)) > len(some) * 3 // 4:
        return None, values
    codes, known = pd.factorize(view, use_na_sentinel=False)
    known = np.asarray(known)
    if (len(known) > len(values) // 2 and not is_object) or size_of(known) > DICTIONARY_BYTES:
        return None, values
    return (known if is_object else known.view(values.dtype)), codes.astype(np.uint32)


def size_of(values: np.ndarray) -> int:
    return sum(map(len, values)) + 4 * len(values) if values.dtype == object else values.nbytes


def plain(leaf: Node, values: np.ndarray) -> bytes:
    if leaf.physical == BOOLEAN:
        return np.packbits(values, bitorder="little").tobytes()
    if leaf.physical != BYTE_ARRAY:
        return np.ascontiguousarray(values).tobytes()
    items = [item.encode() for item in values] if leaf.field.kind.name == "text" else values.tolist()
    return b"".join([piece for item in items for piece in (len(item).to_bytes(4, "little"), item)])


def statistics(leaf: Node, values: np.ndarray, nulls: int) -> list:
    """How many nulls there are, and the least and largest value where these are cheap to have."""
    found = [(3, I64, nulls)]
    kind = leaf.field.kind
    if leaf.physical in (INT32, INT64, FLOAT, DOUBLE) and kind.name != "null" and len(values):
        view = values.view(f"u{values.dtype.itemsize}") if kind.name == "int" and not kind.signed else values
        least, most = view.min(), view.max()
        if leaf.physical in (FLOAT, DOUBLE):
            if np.isnan(least) or np.isnan(most):
                return found
            # Zero has a sign that the order of numbers does not see.
            least, most = (least if least else -abs(least)), (most if most else abs(most))
        found += [(5, BINARY, most.tobytes()), (6, BINARY, least.tobytes())]
    elif kind.name == "text" and len(values):
        # In the order of their bytes.
        most, least = (choose(values).encode() for choose in (max, min))
        if len(most) <= 64 and len(least) <= 64:
            found += [(5, BINARY, most), (6, BINARY, least)]
    return found
