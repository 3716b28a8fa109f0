"""Files and folders of files to columns."""

import os
import urllib.parse
from dataclasses import dataclass, replace

import numpy as np

from . import arrow
from .arrays import LeafData, build, nothing
from .encodings import DTYPES
from .errors import ParquetError
from .frame import Table
from .kinds import Column, Field, Kind
from .pages import Levels, Page, Pages, read_pages
from .schema import File, Node, read_footer

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass
class Source:
    """A file, and what the names of the folders around it say of its rows."""

    data: bytes
    parts: dict[str, str]


@dataclass
class Read:
    """What was read: columns in the order of the file, rows, what the file has besides."""

    table: Table
    rows: int
    metadata: dict[bytes, bytes]


def sources(path: str) -> list[Source]:
    """The files of a folder, those with `_` or `.` before their names left out; `NAME=VALUE` folders say what is in them."""
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
        within = os.path.relpath(folder, path)
        named = [part.partition("=") for part in within.split(os.sep)] if within != "." else []
        parts = {name: urllib.parse.unquote(value) for name, equals, value in named if equals}
        found += [(os.path.join(folder, name), parts) for name in sorted(files) if not name.startswith(("_", "."))]
    made = []
    for name, parts in sorted(found, key=lambda one: one[0]):
        with open(name, "rb") as file:
            made.append(Source(file.read(), parts))
    return made


def described(data: bytes) -> tuple[File, list[Node]]:
    """A file's description, with what Arrow's own schema adds to it."""
    file = read_footer(data)
    nodes = file.nodes
    if arrow.KEY in file.metadata:
        originals = arrow.read(file.metadata[arrow.KEY])
        if [one.name for one in originals] == [node.field.name for node in nodes]:
            nodes = [enriched(node, original, 0) for node, original in zip(nodes, originals)]
    return file, nodes


def enriched(node: Node, original: Field, depth: int) -> Node:
    field = arrow.merged(node.field, original)
    if depth and field.kind.is_dictionary:
        field = field.with_kind(replace(field.kind, is_dictionary=False))
    children = node.children
    if len(children) == len(original.kind.fields) and field.kind.name == original.kind.name:
        children = tuple(enriched(child, inner, depth + 1) for child, inner in zip(children, original.kind.fields))
        field = field.with_kind(replace(field.kind, fields=tuple(child.field for child in children)))
    return replace(node, field=field, children=children)


def read(files: list[Source], wanted: list[str] | None) -> Read:
    """The columns of files that are alike; of those that lack a column of the first, nulls. `wanted` are names, or all."""
    first, nodes = described(files[0].data)
    names = {node.field.name: node for node in nodes}
    if len(names) < len(nodes):
        raise ParquetError("the file has several columns of the same name")
    partitions = list(dict.fromkeys(name for file in files for name in file.parts if name not in names))
    for name in wanted or []:
        if name not in names and name not in partitions:
            raise ParquetError(f"there is no column {name!r}; there are {', '.join([*names, *partitions][:50])}")
    chosen = [node for node in nodes if wanted is None or node.field.name in wanted]
    parts: dict[int, list[Pages]] = {leaf.leaf: [] for node in chosen for leaf in node.leaves()}
    counts = []
    for source in files:
        file, own = (first, nodes) if source is files[0] else described(source.data)
        counts.append(file.rows)
        own = {node.field.name: node for node in own}
        for node in chosen:
            read_node(source.data, file, node, own.get(node.field.name), parts)
    rows = sum(counts)
    table: Table = {}
    for node in chosen:
        column = build(node, {leaf.leaf: LeafData(leaf, parts[leaf.leaf]) for leaf in node.leaves()})
        if column.length != rows:
            raise ParquetError(f"column {node.field.name!r} has {column.length} rows, the file {rows}")
        table[node.field.name] = (node.field, column)
    for name in partitions:
        if wanted is None or name in wanted:
            table[name] = partition(name, [file.parts.get(name) for file in files], counts)
    return Read(table, rows, first.metadata)


def read_node(data: bytes, file: File, node: Node, own: Node | None, parts: dict[int, list[Pages]]) -> None:
    """Adds what a file has of a column of the first one."""
    if own is None:
        if not node.field.nullable:
            raise ParquetError(f"a file has no column {node.field.name!r}, which others always have")
        for leaf in node.leaves():
            parts[leaf.leaf].append(nulls(file.rows, leaf))
        return
    is_cast = are_numbers(node, own) and own.physical != node.physical
    if shape(own) != shape(node) and not are_numbers(node, own):
        raise ParquetError(f"column {node.field.name!r} is not of the same type in all files")
    for leaf, there in zip(node.leaves(), own.leaves()):
        found = [read_pages(data, group.chunks[there.leaf], there if is_cast else leaf, there.repeated) for group in file.groups]
        parts[leaf.leaf] += [cast(pages, leaf) for pages in found] if is_cast else found


def are_numbers(node: Node, other: Node) -> bool:
    """Whether two columns hold numbers, perhaps of different kinds."""
    alike = (node.defined, node.repeated) == (other.defined, other.repeated)
    return alike and all(one.leaf >= 0 and one.physical in DTYPES and one.field.kind.name in ("int", "float") for one in (node, other))


def cast(pages: Pages, leaf: Node) -> Pages:
    """Numbers of the kind that the column of another file has, where none is lost."""

    def one(values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            found = values.astype(DTYPES[leaf.physical])
        if found.dtype.kind == "i" and (found != values).any():
            raise ParquetError(f"column {leaf.field.name!r} has numbers in one file that its type in the first file cannot hold")
        return found

    dictionary = None if pages.dictionary is None else one(pages.dictionary)
    return Pages(dictionary, [page if page.is_coded else replace(page, values=one(page.values)) for page in pages.pages])


def nulls(rows: int, leaf: Node) -> Pages:
    levels = Levels(np.zeros(rows, np.uint8), np.zeros(rows, np.uint8) if leaf.repeated else None, rows)
    return Pages(None, [Page(levels, nothing(leaf), is_coded=False)])


def shape(node: Node) -> tuple:
    kind = replace(node.field.kind, fields=(), zone=None)
    return (kind, node.defined, node.repeated, node.physical, tuple(shape(child) for child in node.children))


def partition(name: str, values: list[str | None], counts: list[int]) -> tuple[Field, Column]:
    """A column of what the names of folders say: categories, of numbers if all are."""
    values = [None if value == NO_VALUE else value for value in values]
    known = list(dict.fromkeys(value for value in values if value is not None))
    codes = np.repeat(np.array([known.index(value) if value is not None else 0 for value in values], np.int32), counts)
    valid = np.repeat(np.array([value is not None for value in values]), counts)
    is_number = all(value.isascii() and value.removeprefix("-").isdigit() and -(1 << 31) <= int(value) < 1 << 31 for value in known) and known
    categories = np.empty(len(known), object)
    categories[:] = [int(value) for value in known] if is_number else known
    kind = Kind("int", 32, is_dictionary=True) if is_number else Kind("text", is_dictionary=True)
    column = Column(kind, len(codes), None if valid.all() else valid, codes, categories=categories)
    return Field(name, kind), column
