"""Columns of their levels and values, and the other way round."""

import numpy as np

from .encodings import BOOLEAN, DTYPES, FIXED, INT96
from .errors import ParquetError
from .kinds import Column
from .pages import Levels, Page, Pages
from .schema import Node


class LeafData:
    """What all groups of rows have of a leaf."""

    def __init__(self, node: Node, parts: list[Pages]) -> None:
        pages = [page for part in parts for page in part.pages]
        self.defined = joined([page.levels.defined for page in pages], np.uint8) if node.defined else None
        self.repeated = joined([page.levels.repeated for page in pages], np.uint8) if node.repeated else None
        self.count = sum(page.levels.count for page in pages)
        self.categories = None
        if node.field.kind.is_dictionary:
            self.values, self.categories = coded(parts)
        else:
            found = [plain(page, part.dictionary) for part in parts for page in part.pages]
            self.values = np.concatenate(found) if found else nothing(node)


def joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def nothing(node: Node) -> np.ndarray:
    """No values of a leaf, in the array that they would have."""
    if node.physical == FIXED:
        return np.zeros((0, node.field.kind.size or 2), np.uint8)
    return np.zeros(0, DTYPES.get(node.physical, {BOOLEAN: bool, INT96: np.int64}.get(node.physical, object)))


def plain(page: Page, dictionary: np.ndarray | None) -> np.ndarray:
    return dictionary[page.values] if page.is_coded else page.values


def coded(parts: list[Pages]) -> tuple[np.ndarray, np.ndarray]:
    """Codes and categories, in the order in which dictionaries and values beside them have them."""
    known: dict[object, int] = {}

    def codes(values: np.ndarray) -> np.ndarray:
        return np.array([known.setdefault(value, len(known)) for value in values.tolist()], np.int32)

    found = []
    for part in parts:
        of_dictionary = codes(part.dictionary) if part.dictionary is not None else None
        found += [of_dictionary[page.values] if page.is_coded else codes(page.values) for page in part.pages]
    categories = np.empty(len(known), object)
    categories[:] = list(known)
    return joined(found, np.int32), categories


def build(node: Node, leaves: dict[int, LeafData], element: int = 0) -> Column:
    """The column of a node, of the leaves that were read, by their numbers.

    Of several leaves each knows where lists and structures around it begin. A row of a node is where no list further within goes on, and where the
    list around it has an element (`element`: from that level of definition on).
    """
    data = leaves[node.leaves()[0].leaf]
    rows = rows_of(data, node.repeated, element)
    length = data.count if rows is None else len(rows)
    valid = None
    if node.field.nullable and data.defined is not None:
        defined = data.defined if rows is None else data.defined[rows]
        valid = defined >= node.defined
        valid = None if valid.all() else valid
    kind = node.field.kind
    if node.leaf >= 0:
        return leaf_column(node, data, length, rows, valid)
    if kind.name == "struct":
        children = tuple(build(child, leaves, element) for child in node.children)
        if any(child.length != length for child in children):
            raise ParquetError(f"the columns within {node.field.name!r} have different lengths")
        return Column(kind, length, valid, children=children)
    begins = rows_of(data, node.repeated + 1, node.element)
    starts = np.zeros(data.count + 1, np.int64)
    starts[begins + 1 if begins is not None else slice(1, None)] = 1
    starts = np.cumsum(starts)
    offsets = np.concatenate((starts[rows if rows is not None else slice(0, data.count)], starts[-1:]))
    child = build(node.children[0], leaves, node.element)
    if child.length != offsets[-1] or (length and offsets[0] != 0):
        raise ParquetError(f"a list in {node.field.name!r} goes on before it begins")
    return Column(kind, length, valid, offsets=offsets, children=(child,))


def rows_of(data: LeafData, repeated: int, element: int) -> np.ndarray | None:
    """The places of a leaf at which something within so many lists begins; `None` where all are."""
    if data.repeated is None:
        return None
    begins = data.repeated <= repeated
    if element and data.defined is not None:
        begins &= data.defined >= element
    return np.flatnonzero(begins)


def leaf_column(node: Node, data: LeafData, length: int, rows: np.ndarray | None, valid: np.ndarray | None) -> Column:
    kind = node.field.kind
    values = data.values
    if data.defined is not None:
        there = (data.defined if rows is None else data.defined[rows]) == node.defined
        if np.count_nonzero(there) != len(values):
            raise ParquetError(f"column {node.field.name!r} has {len(values)} values for {np.count_nonzero(there)} places")
        if len(values) != length:
            spread = np.zeros((length, *values.shape[1:]), values.dtype)
            spread[there] = values
            values = spread
            # Required within a structure that is not there.
            valid = there if valid is None else valid
    elif len(values) != length:
        raise ParquetError(f"column {node.field.name!r} has {len(values)} values for {length} rows")
    return Column(kind, length, valid, values, categories=data.categories)


def shred(column: Column, node: Node) -> list[tuple[Levels, np.ndarray, Column]]:
    """The levels of each leaf of a column, the places of its values among those of the leaf's own column, and that."""
    everything = np.arange(column.length)
    return spread(column, node, np.zeros(column.length, np.uint8), np.zeros(column.length, np.uint8), everything, 0)


def spread(
    column: Column, node: Node, defined: np.ndarray, repeated: np.ndarray, index: np.ndarray, level: int
) -> list[tuple[Levels, np.ndarray, Column]]:
    """`index` is the row of the column at each place, or -1 where something around it is not there."""
    if node.field.nullable:
        there = index >= 0
        if column.valid is not None:
            there[there] = column.valid[index[there]]
        index = np.where(there, index, -1)
        level += 1
        defined = np.where(there, np.uint8(level), defined)
    if node.leaf >= 0:
        return [(Levels(defined, repeated, len(defined)), index[index >= 0], column)]
    if node.field.kind.name == "struct":
        parts = zip(column.children, node.children)
        return [leaf for child, inner in parts for leaf in spread(child, inner, defined, repeated, index, level)]
    lengths = np.zeros(len(index), np.int64)
    there = index >= 0
    lengths[there] = (column.offsets[1:] - column.offsets[:-1])[index[there]]
    # What has no elements has a place all the same.
    places = np.maximum(lengths, 1)
    begins = np.cumsum(places) - places
    within = np.arange(int(places.sum())) - np.repeat(begins, places)
    has = np.repeat(lengths > 0, places)
    starts = np.zeros(len(index), np.int64)
    starts[there] = column.offsets[:-1][index[there]]
    inner = np.where(has, np.repeat(starts, places) + within, -1)
    defined = np.where(has, np.uint8(level + 1), np.repeat(defined, places))
    repeated = np.where(within > 0, np.uint8(node.repeated + 1), np.repeat(repeated, places))
    return spread(column.children[0], node.children[0], defined, repeated, inner, level + 1)


def take(column: Column, rows: np.ndarray) -> Column:
    """A column of the rows with these numbers."""
    valid = None if column.valid is None else column.valid[rows]
    if valid is not None and valid.all():
        valid = None
    if column.offsets is not None:
        lengths = (column.offsets[1:] - column.offsets[:-1])[rows]
        ends = np.cumsum(lengths)
        offsets = np.concatenate(([0], ends))
        within = np.arange(offsets[-1]) - np.repeat(ends - lengths, lengths)
        inner = np.repeat(column.offsets[:-1][rows], lengths) + within
        return Column(column.kind, len(rows), valid, offsets=offsets, children=(take(column.children[0], inner),))
    children = tuple(take(child, rows) for child in column.children)
    values = None if column.values is None else column.values[rows]
    return Column(column.kind, len(rows), valid, values, children=children, categories=column.categories)
