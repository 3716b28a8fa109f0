"""The schema of a file that is written."""

from .encodings import BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64
from .kinds import Field, Kind
from .schema import DATE, DECIMAL, FLOAT16, INTEGER, LIST, OPTIONAL, REPEATED, REQUIRED, STRING, TIME, TIMESTAMP, UNKNOWN, UUID, Node
from .thrift import BINARY, BYTE, I32, STRUCT, TRUE

EMPTY = b"\0"


def nodes(fields: list[Field]) -> list[Node]:
    """The tree of the fields, its leaves numbered."""
    made, leaves = [], 0
    for field in fields:
        made.append(node(field, 0, 0, leaves))
        leaves += len(made[-1].leaves())
    return made


def node(field: Field, defined: int, repeated: int, leaf: int) -> Node:
    defined += field.nullable
    kind = field.kind
    if kind.name == "list":
        inner = node(kind.fields[0], defined + 1, repeated + 1, leaf)
        return Node(field, defined, repeated, defined + 1, (inner,))
    if kind.name == "struct":
        children = []
        for one in kind.fields:
            children.append(node(one, defined, repeated, leaf))
            leaf += len(children[-1].leaves())
        return Node(field, defined, repeated, children=tuple(children))
    return Node(field, defined, repeated, leaf=leaf, physical=physical_of(kind))


def physical_of(kind: Kind) -> int:
    if kind.name == "int":
        return INT32 if kind.bits <= 32 else INT64
    if kind.name == "float":
        return {16: FIXED, 32: FLOAT, 64: DOUBLE}[kind.bits]
    known = {"null": INT32, "bool": BOOLEAN, "date": INT32, "time": INT64, "timestamp": INT64, "duration": INT64, "text": BYTE_ARRAY}
    return known.get(kind.name, BYTE_ARRAY if kind.name == "bytes" else FIXED)


def elements(nodes: list[Node]) -> list[list]:
    """The list of elements that stands for the tree."""
    found = [[(4, BINARY, "schema"), (5, I32, len(nodes))]]
    for one in nodes:
        add(found, one, one.field.name)
    return found


def add(found: list[list], node: Node, name: str) -> None:
    kind = node.field.kind
    repetition = OPTIONAL if node.field.nullable else REQUIRED
    if kind.name == "list":
        found.append([(3, I32, repetition), (4, BINARY, name), (5, I32, 1), (6, I32, 3), (10, STRUCT, [(LIST, STRUCT, EMPTY)])])
        found.append([(3, I32, REPEATED), (4, BINARY, "list"), (5, I32, 1)])
        add(found, node.children[0], "element")
    elif kind.name == "struct":
        found.append([(3, I32, repetition), (4, BINARY, name), (5, I32, len(node.children))])
        for child in node.children:
            add(found, child, child.field.name)
    else:
        size = (kind.size or kind.bits // 8) if node.physical == FIXED else None
        found.append([(1, I32, node.physical), (2, I32, size), (3, I32, repetition), (4, BINARY, name), *logical(kind)])


UNITS = {"s": 1, "ms": 1, "us": 2, "ns": 3}
OLD_TIMES = {"s": 0, "ms": 0, "us": 1}


def logical(kind: Kind) -> list[tuple]:
    """What a type means, for readers of both kinds."""
    name = kind.name
    if name == "text":
        return [(6, I32, 0), (10, STRUCT, [(STRING, STRUCT, EMPTY)])]
    if name == "null":
        return [(10, STRUCT, [(UNKNOWN, STRUCT, EMPTY)])]
    if name == "date":
        return [(6, I32, 6), (10, STRUCT, [(DATE, STRUCT, EMPTY)])]
    if name == "uuid":
        return [(10, STRUCT, [(UUID, STRUCT, EMPTY)])]
    if name == "float" and kind.bits == 16:
        return [(10, STRUCT, [(FLOAT16, STRUCT, EMPTY)])]
    if name == "decimal":
        said = [(1, I32, kind.scale), (2, I32, kind.precision)]
        return [(6, I32, 5), (7, I32, kind.scale), (8, I32, kind.precision), (10, STRUCT, [(DECIMAL, STRUCT, said)])]
    if name == "int" and (kind.bits < 32 or not kind.signed):
        old = (15 if kind.signed else 11) + {8: 0, 16: 1, 32: 2, 64: 3}[kind.bits]
        return [(6, I32, old), (10, STRUCT, [(INTEGER, STRUCT, [(1, BYTE, kind.bits), (2, TRUE, kind.signed)])])]
    if name in ("time", "timestamp"):
        is_instant = bool(kind.zone)
        said = [(1, TRUE, is_instant), (2, STRUCT, [(UNITS[kind.unit], STRUCT, EMPTY)])]
        first = 7 if name == "time" else 9
        # The older forms have no nanoseconds, and are instants.
        old = [(6, I32, first + OLD_TIMES[kind.unit])] if kind.unit in OLD_TIMES and is_instant else []
        return [*old, (10, STRUCT, [(TIME if name == "time" else TIMESTAMP, STRUCT, said)])]
    return []


def path(root: Node, leaf: Node) -> list[str]:
    """The names on the way to a leaf, as in the list of elements."""
    return next(way for way, found in ways(root, [root.field.name]) if found is leaf)


def ways(node: Node, so_far: list[str]) -> list[tuple[list[str], Node]]:
    if node.leaf >= 0:
        return [(so_far, node)]
    if node.field.kind.name == "list":
        return ways(node.children[0], [*so_far, "list", "element"])
    return [way for child in node.children for way in ways(child, [*so_far, child.field.name])]
