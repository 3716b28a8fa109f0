"""The types of Python's objects in columns of pandas' type `object`."""

import datetime
import decimal
import uuid
import zoneinfo

import numpy as np
import pandas as pd

from .arrays import take
from .kinds import Column, Field, Kind
from .objects import as_objects

EPOCH = datetime.date(1970, 1, 1)


def inferred(items: np.ndarray, kind: Kind | None = None) -> tuple[Kind, Column]:
    """The type of objects, those that pandas takes for nulls left out, and their column."""
    valid = ~pd.isna(items)
    there = items if valid.all() else items[valid]
    valid = None if len(there) == len(items) else valid
    if len(there) == 0 and kind is None:
        kind = Kind("null")
        return kind, Column(kind, len(items), np.zeros(len(items), bool))
    for types, convert in CONVERT if kind is None else ((str, text),):
        if isinstance(there[0] if len(there) else "", types):
            break
    else:
        raise ValueError(f"Could not convert {there[0]!r:.60} with type {type(there[0]).__name__}: did not recognize Python value type")
    if wrong := next((item for item in there if not isinstance(item, types)), None):
        told = f"Could not convert {wrong!r:.60} with type {type(wrong).__name__}: the column's first value is {type(there[0]).__name__}"
        raise ValueError(told)
    found = convert(there, kind)
    return found.kind, spread(found, valid, len(items))


def spread(column: Column, valid: np.ndarray | None, length: int) -> Column:
    """A column with nulls between its values."""
    if valid is None:
        return column
    if column.length == 0:
        return Column(column.kind, length, valid, np.zeros(length, object))
    # What stands for a null is of no meaning: the value before it will do.
    found = take(column, np.maximum(np.cumsum(valid) - 1, 0))
    found.valid = valid
    return found


def column(kind: Kind, values: np.ndarray) -> Column:
    return Column(kind, len(values), None, values)


def truth(items: np.ndarray, kind: Kind | None) -> Column:
    return column(Kind("bool"), items.astype(bool))


def whole(items: np.ndarray, kind: Kind | None) -> Column:
    if any(isinstance(item, (float, np.floating)) for item in items):
        return real(items, kind)
    return column(Kind("int", 64), np.array([int(item) for item in items], np.int64))


def real(items: np.ndarray, kind: Kind | None) -> Column:
    return column(Kind("float", 64), items.astype(np.float64))


def text(items: np.ndarray, kind: Kind | None) -> Column:
    return column(Kind("text"), items)


def raw(items: np.ndarray, kind: Kind | None) -> Column:
    return column(Kind("bytes"), as_objects([bytes(item) for item in items]))


def decimals(items: np.ndarray, kind: Kind | None) -> Column:
    """As many digits as the longest needs on both sides of the point."""
    parts = [item.as_tuple() for item in items]
    scale = max(max(0, -part.exponent) for part in parts)
    before = max(max(0, len(part.digits) + part.exponent) for part in parts)
    precision = max(1, before + scale)
    if precision > 76:
        raise ValueError(f"a decimal needs {precision} digits, of which 76 can be written")
    size = next(size for size in range(1, 33) if 10**precision <= 1 << (8 * size - 1))
    context = decimal.Context(prec=100)
    data = b"".join(int(item.scaleb(scale, context)).to_bytes(size, "big", signed=True) for item in items)
    kind = Kind("decimal", precision=precision, scale=scale, size=size)
    return column(kind, np.frombuffer(data, np.uint8).reshape(-1, size))


def stamps(items: np.ndarray, kind: Kind | None) -> Column:
    """Microseconds; those with a time zone in that of the first."""
    from .tables import zone_name

    zone = items[0].tzinfo
    if any((item.tzinfo is None) != (zone is None) for item in items):
        raise ValueError("timestamps with and without a time zone are mixed")
    utc = datetime.timezone.utc
    since = datetime.datetime(1970, 1, 1, tzinfo=utc if zone else None)
    values = [(pythonic(item).astimezone(utc) if zone else pythonic(item)) - since for item in items]
    if zone and not isinstance(zone, zoneinfo.ZoneInfo):
        zone = datetime.timezone(items[0].utcoffset()) if not getattr(zone, "zone", None) else zone
    return column(Kind("timestamp", unit="us", zone=zone_name(zone) if zone else None), microseconds(values))


def pythonic(item: datetime.datetime) -> datetime.datetime:
    return item.to_pydatetime(warn=False) if isinstance(item, pd.Timestamp) else item


def microseconds(items: list[datetime.timedelta]) -> np.ndarray:
    return np.array([(item.days * 86_400 + item.seconds) * 1_000_000 + item.microseconds for item in items], np.int64)


def spans(items: np.ndarray, kind: Kind | None) -> Column:
    return column(Kind("duration", unit="us"), microseconds(list(items)))


def days(items: np.ndarray, kind: Kind | None) -> Column:
    return column(Kind("date"), np.array([(item - EPOCH).days for item in items], np.int32))


def clock(items: np.ndarray, kind: Kind | None) -> Column:
    values = [((item.hour * 60 + item.minute) * 60 + item.second) * 1_000_000 + item.microsecond for item in items]
    return column(Kind("time", unit="us"), np.array(values, np.int64))


def uuids(items: np.ndarray, kind: Kind | None) -> Column:
    data = b"".join(item.bytes for item in items)
    return column(Kind("uuid", size=16), np.frombuffer(data, np.uint8).reshape(-1, 16))


def lists(items: np.ndarray, kind: Kind | None) -> Column:
    from .tables import column_of

    lengths = [len(item) for item in items]
    offsets = np.concatenate(([0], np.cumsum(np.array(lengths, np.int64))))
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    if any(array.ndim != 1 for array in arrays):
        raise ValueError("Can only convert 1-dimensional array values")
    if arrays and len(arrays) == len(items) and all(array.dtype == arrays[0].dtype != object for array in arrays):
        values = pd.Series(np.concatenate(arrays))
    else:
        values = pd.Series(as_objects([one for item in items for one in item]), dtype=object)
    inner, child, metadata = column_of(values)
    kind = Kind("list", fields=(Field("element", inner, metadata=metadata),))
    return Column(kind, len(items), None, offsets=offsets, children=(child,))


def structures(items: np.ndarray, kind: Kind | None) -> Column:
    names = dict.fromkeys(name for item in items for name in item)
    if not names:
        raise ValueError("Cannot write struct type with no child field to Parquet. Consider adding a dummy child field.")
    if wrong := next((name for name in names if not isinstance(name, str)), None):
        raise ValueError(f"the keys of a structure are texts, not {wrong!r}")
    parts = [(name, *inferred(as_objects([item.get(name) for item in items]))) for name in names]
    kind = Kind("struct", fields=tuple(Field(name, inner) for name, inner, _ in parts))
    return Column(kind, len(items), None, children=tuple(child for _, _, child in parts))


CONVERT = (
    ((bool, np.bool_), truth),
    ((int, float, np.integer, np.floating), whole),
    (str, text),
    ((bytes, bytearray, memoryview), raw),
    (decimal.Decimal, decimals),
    (datetime.datetime, stamps),
    (datetime.date, days),
    (datetime.time, clock),
    (datetime.timedelta, spans),
    (uuid.UUID, uuids),
    ((list, tuple, set, frozenset, np.ndarray), lists),
    (dict, structures),
)
"""In the order in which they are tried: `bool` is an `int`, `datetime` a `date`."""
