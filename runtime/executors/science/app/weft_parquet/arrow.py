"""Arrow's own description of a schema, which pyarrow and others leave in a file for what Parquet has no types for: categories, durations,
names of time zones, types of pandas."""

import base64
import struct

from . import flat
from .errors import ParquetError
from .kinds import Field, Kind

KEY = b"ARROW:schema"
UNITS = ("s", "ms", "us", "ns")
# Of Arrow's types.
NULL, INT, FLOAT, BINARY, UTF8, BOOL, DECIMAL, DATE, TIME, TIMESTAMP, _, LIST, STRUCT, _, FIXED, FIXED_LIST, MAP, DURATION = range(1, 19)
LARGE_BINARY, LARGE_UTF8, LARGE_LIST, _, BINARY_VIEW, UTF8_VIEW, LIST_VIEW, LARGE_LIST_VIEW = range(19, 27)
SCHEMA = 1
VERSION = 4


def read(encoded: bytes) -> list[Field]:
    """The fields that a file says it was written from."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ParquetError("Arrow's schema is not in base 64") from None
    begin = 8 if data[:4] == b"\xff\xff\xff\xff" else 4
    data = data[begin:]
    if len(data) < 8:
        raise ParquetError("Arrow's schema was cut off")
    message = flat.Table(data, int.from_bytes(data[:4], "little"))
    schema = message.table(2)
    if message.number(1, "<B") != SCHEMA or schema is None:
        raise ParquetError("what is said to be Arrow's schema is another message")
    return [field(one) for one in schema.tables(1)]


def field(table: flat.Table) -> Field:
    metadata = {pair.text(0) or "": pair.text(1) or "" for pair in table.tables(6)}
    kind = kind_of(table)
    encoding = table.table(4)
    if encoding is not None:
        kind = Kind(kind.name, is_dictionary=True, ordered=bool(encoding.number(2, "<B")), is_large=kind.is_large)
    return Field(table.text(0) or "", kind, bool(table.number(1, "<B")), metadata)


def kind_of(table: flat.Table) -> Kind:
    """As far as Parquet would not say the same."""
    number, about = table.number(2, "<B"), table.table(3)
    if about is None:
        return Kind("")
    if number in (UTF8, LARGE_UTF8, UTF8_VIEW):
        return Kind("text", is_large=number == LARGE_UTF8)
    if number in (BINARY, LARGE_BINARY, BINARY_VIEW):
        return Kind("bytes", is_large=number == LARGE_BINARY)
    if number == TIMESTAMP:
        return Kind("timestamp", unit=unit(about, 0), zone=about.text(1))
    if number == DURATION:
        return Kind("duration", unit=unit(about, 1))
    if number == STRUCT:
        return Kind("struct", fields=tuple(field(one) for one in table.tables(5)))
    if number in (LIST, LARGE_LIST, FIXED_LIST, MAP, LIST_VIEW, LARGE_LIST_VIEW):
        size = about.number(0, "<i") if number == FIXED_LIST else 0
        return Kind("map" if number == MAP else "list", fields=tuple(field(one) for one in table.tables(5)), size=size)
    return Kind("")


def unit(about: flat.Table, default: int) -> str:
    number = about.number(0, "<h", default)
    if not 0 <= number < len(UNITS):
        raise ParquetError("Arrow's schema has an unknown unit of time")
    return UNITS[number]


def merged(said: Field, original: Field) -> Field:
    """What Parquet says of a field, with what Arrow's schema adds to it."""
    kind, more = said.kind, original.kind
    if kind.name in ("text", "bytes") and more.name == kind.name:
        kind = Kind(kind.name, is_dictionary=more.is_dictionary, ordered=more.ordered, is_large=more.is_large)
    elif kind.name == "bytes" and more.name == "text":
        kind = more
    elif kind.name == "timestamp" and more.name == "timestamp" and kind.zone is not None and more.zone:
        kind = Kind("timestamp", unit=kind.unit, zone=more.zone)
    elif kind.name == "int" and kind.bits == 64 and more.name == "duration":
        kind = more
    elif kind.name == more.name and kind.fields and len(kind.fields) == len(more.fields):
        inner = tuple(merged(one, other) for one, other in zip(kind.fields, more.fields))
        kind = Kind(kind.name, fields=inner, size=more.size)
    return Field(said.name, kind, said.nullable, original.metadata)


def written(fields: list[Field], metadata: dict[bytes, bytes]) -> bytes:
    """Arrow's schema of these fields, as it stands in a file."""
    to = flat.Builder()
    places = [put_field(to, one) for one in fields]
    pairs = [put_pair(to, key.decode(), value.decode()) for key, value in metadata.items()]
    schema = {1: ("o", to.tables(places))}
    if pairs:
        schema[2] = ("o", to.tables(pairs))
    schema = to.table(schema)
    message = to.table({0: ("h", VERSION), 1: ("B", SCHEMA), 2: ("o", schema), 3: ("q", 0)})
    data = to.finish(message)
    return base64.b64encode(b"\xff\xff\xff\xff" + struct.pack("<i", len(data)) + data)


def put_pair(to: flat.Builder, key: str, value: str) -> int:
    return to.table({0: ("o", to.text(key)), 1: ("o", to.text(value))})


def put_field(to: flat.Builder, field: Field) -> int:
    kind = field.kind
    children = to.tables([put_field(to, one) for one in inner_fields(kind)])
    number, about = put_kind(to, kind)
    found = {0: ("o", to.text(field.name)), 1: ("B", int(field.nullable)), 2: ("B", number), 3: ("o", to.table(about)), 5: ("o", children)}
    if kind.is_dictionary:
        codes = to.table({0: ("i", kind.bits), 1: ("B", 1)})
        found[4] = ("o", to.table({0: ("q", 0), 1: ("o", codes), 2: ("B", int(kind.ordered))}))
    if field.metadata:
        found[6] = ("o", to.tables([put_pair(to, key, value) for key, value in field.metadata.items()]))
    return to.table(found)


def inner_fields(kind: Kind) -> tuple[Field, ...]:
    return kind.fields


def put_kind(to: flat.Builder, kind: Kind) -> tuple[int, dict]:
    """A type's number and fields."""
    name = kind.name
    if name == "int":
        return INT, {0: ("i", kind.bits), 1: ("B", int(kind.signed))}
    if name == "float":
        return FLOAT, {0: ("h", {16: 0, 32: 1, 64: 2}[kind.bits])}
    if name == "decimal":
        return DECIMAL, {0: ("i", kind.precision), 1: ("i", kind.scale), 2: ("i", 128 if kind.precision <= 38 else 256)}
    if name == "date":
        return DATE, {0: ("h", 0)}
    if name == "time":
        return TIME, {0: ("h", UNITS.index(kind.unit)), 1: ("i", 32 if kind.unit in ("s", "ms") else 64)}
    if name == "timestamp":
        about = {0: ("h", UNITS.index(kind.unit))}
        if kind.zone:
            about[1] = ("o", to.text(kind.zone))
        return TIMESTAMP, about
    if name == "duration":
        return DURATION, {0: ("h", UNITS.index(kind.unit))}
    if name in ("fixed", "uuid"):
        return FIXED, {0: ("i", kind.size)}
    if name == "text":
        return (LARGE_UTF8 if kind.is_large else UTF8), {}
    return {"null": NULL, "bool": BOOL, "bytes": BINARY, "list": LIST, "struct": STRUCT}[name], {}
