"""What a file says of itself: its columns as a tree, and where their values lie."""

from dataclasses import dataclass

from .encodings import BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64, INT96
from .errors import ParquetError, Unsupported, plausible
from .kinds import Field, Kind
from .thrift import Reader

MAGIC = b"PAR1"
REQUIRED, OPTIONAL, REPEATED = range(3)
DEEPEST = 32
UNITS = {1: "ms", 2: "us", 3: "ns"}
# Of logical types, and of the older converted ones.
STRING, MAP, LIST, ENUM, DECIMAL, DATE, TIME, TIMESTAMP, _, INTEGER, UNKNOWN, JSON, BSON, UUID, FLOAT16 = range(1, 16)
UTF8, OLD_MAP, OLD_KEY_VALUE, OLD_LIST, OLD_ENUM, OLD_DECIMAL, OLD_DATE, TIME_MILLIS, TIME_MICROS, TIMESTAMP_MILLIS, TIMESTAMP_MICROS = range(11)
OLD_JSON = 19
OLD_INTEGERS = {11: (8, False), 12: (16, False), 13: (32, False), 14: (64, False), 15: (8, True), 16: (16, True), 17: (32, True), 18: (64, True)}


@dataclass
class Node:
    """A column or part of one. A value is there from the level of definition `defined` on."""

    field: Field
    defined: int
    repeated: int
    """Lists around it."""
    element: int = 0
    """Of a list: the level of definition at which it has an element."""
    children: tuple["Node", ...] = ()
    leaf: int = -1
    physical: int = -1

    def leaves(self) -> list["Node"]:
        return [self] if self.leaf >= 0 else [leaf for child in self.children for leaf in child.leaves()]


@dataclass
class Chunk:
    """The values of a leaf in one group of rows."""

    codec: int
    count: int
    begin: int
    size: int


@dataclass
class Group:
    rows: int
    chunks: list[Chunk]


@dataclass
class File:
    nodes: list[Node]
    rows: int
    groups: list[Group]
    metadata: dict[bytes, bytes]


def read_footer(data: bytes) -> File:
    """Reads the end of a file."""
    if len(data) < 12 or data[-4:] != MAGIC:
        if data[-4:] == b"PARE":
            raise Unsupported("the file is encrypted")
        raise ParquetError("this is no Parquet file, or it was cut off: it does not end with PAR1")
    if data[:4] != MAGIC:
        raise ParquetError("this is no Parquet file: it does not begin with PAR1")
    length = int.from_bytes(data[-8:-4], "little")
    if length > len(data) - 12:
        raise ParquetError(f"the file's metadata is said to have {length} bytes, which the file has not")
    try:
        return file(Reader(data[len(data) - 8 - length : len(data) - 8]).structure(), len(data))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ParquetError(f"the file's metadata is not as it must be: {type(error).__name__}: {error}") from None


def file(said: dict, size: int) -> File:
    elements = said[2]
    if not elements:
        raise ParquetError("the file has no schema")
    tree = Tree(elements)
    nodes = tree.root()
    rows = plausible(said[3], size, "the file's rows")
    groups = [group(one, tree.leaves, size) for one in said[4]]
    if sum(one.rows for one in groups) != rows:
        raise ParquetError(f"the file is said to have {rows} rows, its groups have {sum(one.rows for one in groups)}")
    metadata = {pair[1]: pair.get(2, b"") for pair in said.get(5, [])}
    return File(nodes, rows, groups, metadata)


def group(said: dict, leaves: int, size: int) -> Group:
    if len(said[1]) != leaves:
        raise ParquetError(f"a group of rows has {len(said[1])} columns, the schema {leaves}")
    return Group(plausible(said[3], size, "a group's rows"), [chunk(one, size) for one in said[1]])


def chunk(said: dict, size: int) -> Chunk:
    if said.get(1):
        raise Unsupported(f"a column lies in another file, {said[1].decode(errors='replace')}")
    if 3 not in said:
        raise Unsupported("a column is encrypted")
    about = said[3]
    # Some writers give 0 for a dictionary that is not there.
    begin = min(offset for offset in (about[9], about.get(11) or about[9]) if offset is not None)
    if about[5] == 0:
        return Chunk(about[4], 0, 0, 0)
    if begin < 4 or about[7] < 0 or begin + about[7] > size:
        raise ParquetError(f"a column is said to lie at {begin} with {about[7]} bytes, where the file has {size}")
    return Chunk(about[4], plausible(about[5], size, "a column's values"), begin, about[7])


class Tree:
    """Makes a tree of the list of elements, each of which says how many of the following are its own."""

    def __init__(self, elements: list[dict]) -> None:
        self.elements = elements
        self.at = 0
        self.leaves = 0

    def next(self) -> dict:
        if self.at >= len(self.elements):
            raise ParquetError("the schema says that more columns follow than there are")
        self.at += 1
        return self.elements[self.at - 1]

    def root(self) -> list[Node]:
        nodes = self.fields(self.next(), 0, 0, 0)
        if self.at != len(self.elements):
            raise ParquetError("the schema has columns that belong to nothing")
        return list(nodes)

    def fields(self, element: dict, defined: int, repeated: int, depth: int) -> tuple[Node, ...]:
        count = element.get(5, 0)
        if not 0 <= count <= len(self.elements):
            raise ParquetError(f"the schema says that {count} columns follow")
        if depth > DEEPEST:
            raise ParquetError("columns are nested too deeply")
        return tuple(self.node(self.next(), defined, repeated, depth + 1) for _ in range(count))

    def node(self, element: dict, defined: int, repeated: int, depth: int) -> Node:
        if element.get(3, REQUIRED) == REPEATED:
            # Outside of what says that it is a list: a list that is always there, of elements that are.
            inner = self.value(element, defined + 1, repeated + 1, depth, nullable=False)
            return listing(inner.field.name, inner, defined, repeated, nullable=False)
        nullable = element.get(3) == OPTIONAL
        return self.value(element, defined + nullable, repeated, depth, nullable)

    def value(self, element: dict, defined: int, repeated: int, depth: int, nullable: bool) -> Node:
        name = element[4].decode(errors="replace")
        if not element.get(5) and 1 in element:
            self.leaves += 1
            kind = kind_of(element)
            return Node(Field(name, kind, nullable), defined, repeated, leaf=self.leaves - 1, physical=element[1])
        logical = element.get(10, {})
        old = element.get(6)
        if element.get(5) == 1 and (LIST in logical or MAP in logical or old in (OLD_LIST, OLD_MAP, OLD_KEY_VALUE)):
            inside = self.elements[self.at] if self.at < len(self.elements) else {}
            if inside.get(3) == REPEATED:
                self.next()
                is_map = (MAP in logical or old in (OLD_MAP, OLD_KEY_VALUE)) and inside.get(5) == 2
                within = self.element(inside, name, defined + 1, repeated + 1, depth + 1, is_map)
                return listing(name, within, defined, repeated, nullable, is_map)
        children = self.fields(element, defined, repeated, depth)
        kind = Kind("struct", fields=tuple(child.field for child in children))
        return Node(Field(name, kind, nullable), defined, repeated, children=children)

    def element(self, inside: dict, name: str, defined: int, repeated: int, depth: int, is_map: bool) -> Node:
        """What a list is of: the repeated group's only column, or the group itself, by the rules for older writers."""
        own = inside[4].decode(errors="replace")
        if inside.get(5) != 1 or own in ("array", f"{name}_tuple"):
            return self.value(inside, defined, repeated, depth, nullable=False)
        if depth > DEEPEST:
            raise ParquetError("columns are nested too deeply")
        return self.node(self.next(), defined, repeated, depth + 1)


def listing(name: str, inner: Node, defined: int, repeated: int, nullable: bool, is_map: bool = False) -> Node:
    kind = Kind("map" if is_map else "list", fields=(inner.field,))
    return Node(Field(name, kind, nullable), defined, repeated, defined + 1, (inner,))


def kind_of(element: dict) -> Kind:
    """The type of a column of values."""
    physical, logical, old = element[1], element.get(10, {}), element.get(6)
    if UNKNOWN in logical:
        return Kind("null")
    if DECIMAL in logical or old == OLD_DECIMAL:
        said = logical.get(DECIMAL, {})
        return Kind("decimal", precision=said.get(2, element.get(8, 0)), scale=said.get(1, element.get(7, 0)), size=size_of(element))
    if physical == BOOLEAN:
        return Kind("bool")
    if physical in (FLOAT, DOUBLE):
        return Kind("float", bits=32 if physical == FLOAT else 64)
    if physical == INT96:
        return Kind("timestamp", unit="ns")
    if physical in (INT32, INT64):
        return whole(physical, logical, old)
    if physical == BYTE_ARRAY:
        if JSON in logical or (not logical and old == OLD_JSON):
            return Kind("json")
        return Kind("text" if STRING in logical or (not logical and old == UTF8) else "bytes")
    if physical == FIXED:
        size = size_of(element)
        if FLOAT16 in logical and size == 2:
            return Kind("float", bits=16)
        return Kind("uuid" if UUID in logical and size == 16 else "fixed", size=size)
    raise ParquetError(f"a column has the type {physical}, which is not known")


def size_of(element: dict) -> int:
    size = element.get(2, 0)
    if element[1] == FIXED and not 0 < size <= 1 << 20:
        raise ParquetError(f"values of {size} bytes cannot be")
    return size


def whole(physical: int, logical: dict, old: int | None) -> Kind:
    """What is held as whole numbers."""
    if DATE in logical or old == OLD_DATE:
        return Kind("date")
    if TIME in logical or old in (TIME_MILLIS, TIME_MICROS):
        return Kind("time", unit=unit_of(logical.get(TIME)) or ("ms" if old == TIME_MILLIS else "us"))
    if TIMESTAMP in logical or old in (TIMESTAMP_MILLIS, TIMESTAMP_MICROS):
        said = logical.get(TIMESTAMP)
        unit = unit_of(said) or ("ms" if old == TIMESTAMP_MILLIS else "us")
        return Kind("timestamp", unit=unit, zone="UTC" if said and said.get(1) else None)
    if INTEGER in logical:
        bits, signed = logical[INTEGER].get(1), bool(logical[INTEGER].get(2))
        if bits not in (8, 16, 32, 64):
            raise ParquetError(f"whole numbers of {bits} bits cannot be")
        return Kind("int", bits, signed)
    if old in OLD_INTEGERS:
        return Kind("int", *OLD_INTEGERS[old])
    return Kind("int", 32 if physical == INT32 else 64)


def unit_of(said: dict | None) -> str | None:
    return next((UNITS[number] for number in said.get(2, {}) if number in UNITS), None) if said else None
