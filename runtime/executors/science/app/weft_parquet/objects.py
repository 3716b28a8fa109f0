"""Values of columns as numpy and Python have them: what pyarrow gives pandas, and the other way round."""

import datetime
import decimal
import re
import uuid
import zoneinfo
from dataclasses import replace

import numpy as np

from .errors import ParquetError
from .kinds import Column

EXACT = decimal.Context(prec=100)
"""Digits of the longest decimals, 76, and more."""


def values_of(column: Column, is_inside: bool = False) -> np.ndarray:
    """One item for each row; nulls are NaN, NaT or `None`, so that integers with nulls are floats. Inside structures and maps timestamps are
    Python's own, with their time zones, if they have no nanoseconds.
    """
    name, valid = column.kind.name, column.valid
    if name in ("int", "float", "bool"):
        return numbers(column)
    if name in ("timestamp", "duration"):
        values = column.values.view(f"{'M' if name == 'timestamp' else 'm'}8[{column.kind.unit}]")
        if is_inside and name == "timestamp" and column.kind.unit != "ns":
            return stamps(values, column)
        if valid is None:
            return values
        values = values.copy()
        values[~valid] = np.array("NaT", values.dtype)
        return values
    out = np.empty(column.length, object)
    if name == "null":
        return out
    if column.categories is not None:
        found = column.categories[column.values] if len(column.categories) else out
        return found if valid is None else np.where(valid, found, None)
    if name == "list":
        put(out, lists(column, is_inside), valid)
    elif name == "map":
        put(out, maps(column), valid)
    elif name == "struct":
        put(out, structures(column), valid)
    else:
        values = column.values if valid is None else column.values[valid]
        out[... if valid is None else valid] = OBJECTS[name](values, column)
    return out


def put(out: np.ndarray, items: list, valid: np.ndarray | None) -> None:
    # One by one: numpy would take arrays apart.
    for place, item in enumerate(items):
        out[place] = item
    if valid is not None:
        out[~valid] = None


def numbers(column: Column) -> np.ndarray:
    kind, valid = column.kind, column.valid
    values = column.values
    if kind.name == "float" and kind.bits == 16:
        values = np.ascontiguousarray(values).view("<f2").reshape(-1) if values.ndim == 2 else values
    elif values.dtype != kind.dtype:
        values = values.astype(kind.dtype)
    if valid is None:
        return values
    if kind.name == "bool":
        return np.where(valid, values.astype(object), None)
    values = values.astype(np.float64) if kind.name == "int" else values.copy()
    values[~valid] = np.nan
    return values


def as_objects(values: np.ndarray) -> np.ndarray:
    out = np.empty(len(values), object)
    out[:] = list(values)
    return out


def bytes_of(values: np.ndarray, column: Column) -> np.ndarray:
    if values.ndim == 1:
        return values
    size, data = values.shape[1], values.tobytes()
    return as_objects([data[at : at + size] for at in range(0, len(data), size)])


def decimals(values: np.ndarray, column: Column) -> np.ndarray:
    scale = -column.kind.scale
    if values.dtype.kind == "i":
        whole = values.tolist()
    else:
        whole = [int.from_bytes(one, "big", signed=True) for one in bytes_of(values, column)]
    return as_objects([decimal.Decimal(one).scaleb(scale, EXACT) for one in whole])


def dates(values: np.ndarray, column: Column) -> np.ndarray:
    found = values.astype("M8[D]").astype(object)
    if any(isinstance(one, int) for one in found):
        raise ParquetError("a date is not between the years 1 and 9999")
    return found


def times(values: np.ndarray, column: Column) -> np.ndarray:
    unit = column.kind.unit
    if unit == "ns":
        if (values % 1000).any():
            raise ParquetError("a time of the day has nanoseconds, which Python's have not")
        values, unit = values // 1000, "us"
    if len(values) and (values.min() < 0 or values.max() >= 86_400 * {"ms": 1_000, "us": 1_000_000}[unit]):
        raise ParquetError("a time of the day is not within a day")
    return as_objects([moment.time() for moment in values.astype(f"M8[{unit}]").astype("M8[us]").astype(object)])


def stamps(values: np.ndarray, column: Column) -> np.ndarray:
    items = values.tolist()
    if any(isinstance(item, int) for item in items):
        raise ParquetError("a timestamp is not between the years 1 and 9999")
    if column.kind.zone:
        zone, utc = zone_of(column.kind.zone), datetime.timezone.utc
        items = [item.replace(tzinfo=utc).astimezone(zone) for item in items]
    out = as_objects(items)
    if column.valid is not None:
        out[~column.valid] = None
    return out


OBJECTS = {
    "text": lambda values, column: values,
    "json": lambda values, column: values,
    "bytes": bytes_of,
    "fixed": bytes_of,
    "decimal": decimals,
    "date": dates,
    "time": times,
    "uuid": lambda values, column: as_objects([uuid.UUID(bytes=one) for one in bytes_of(values, column)]),
}


def lists(column: Column, is_inside: bool) -> list[np.ndarray]:
    values = values_of(column.children[0], is_inside)
    offsets = column.offsets.tolist()
    return [values[start:end] for start, end in zip(offsets, offsets[1:])]


def maps(column: Column) -> list[list]:
    keys, values = (items_of(child) for child in column.children[0].children)
    pairs = list(zip(keys, values))
    offsets = column.offsets.tolist()
    return [pairs[start:end] for start, end in zip(offsets, offsets[1:])]


def structures(column: Column) -> list[dict]:
    names = [field.name for field in column.kind.fields]
    items = [items_of(plain_bytes(child)) for child in column.children]
    return [dict(zip(names, row)) for row in zip(*items)] if items else [{} for _ in range(column.length)]


def plain_bytes(column: Column) -> Column:
    """UUIDs are bytes within structures, as pyarrow has it."""
    return replace(column, kind=replace(column.kind, name="fixed")) if column.kind.name == "uuid" else column


def items_of(column: Column) -> list:
    """Items within structures: Python's own objects, `None` for nulls also among numbers."""
    values = values_of(column, is_inside=True)
    items = list(values) if values.dtype == object else values.tolist()
    if column.valid is not None and values.dtype != object:
        items = [item if valid else None for item, valid in zip(items, column.valid.tolist())]
    return items


OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def zone_of(name: str) -> datetime.tzinfo:
    """A time zone by its name, or by how far it is from UTC."""
    if name.upper() == "UTC":
        return datetime.timezone.utc
    if found := OFFSET.fullmatch(name):
        minutes = int(found[2]) * 60 + int(found[3])
        return datetime.timezone(datetime.timedelta(minutes=-minutes if found[1] == "-" else minutes))
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ParquetError(f"the time zone {name!r} is not known") from None
