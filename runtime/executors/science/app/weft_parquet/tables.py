"""Tables of pandas to columns: the types that pyarrow finds for them, and what it leaves in a file of what they were."""

import json
import warnings
import zoneinfo

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from .arrays import take
from .infer import inferred
from .kinds import Column, Field, Kind

CREATOR = {"library": "weft", "version": "1"}


def columns_of(df: pd.DataFrame, index: bool | None, coerce: str | None) -> tuple[list[Field], list[Column], dict]:
    """Fields, columns, and what is said of them for pandas."""
    if not df.columns.is_unique:
        raise ValueError(f"Duplicate column names found: {list(df.columns)}")
    names = [text_of(name) for name in df.columns]
    fields, columns, about = [], [], []

    def add(values: pd.Series | pd.Index, name: object, field_name: str) -> None:
        try:
            kind, column, metadata = column_of(values)
        except (TypeError, ValueError, OverflowError) as error:
            raise type(error)(f"{error}; conversion failed for column {name} with type {values.dtype}") from None
        if coerce and kind.name == "timestamp":
            kind, column = coerced(kind, column, coerce)
        fields.append(Field(field_name, kind, metadata=metadata))
        columns.append(column)
        about.append(described(values, name, field_name, kind))

    for place, name in enumerate(names):
        add(df.iloc[:, place], name, str(name))
    descriptors = []
    taken = list(map(str, names))
    for place in range(df.index.nlevels if index is not False else 0):
        level = df.index.get_level_values(place)
        if isinstance(level, pd.RangeIndex) and index is None:
            descriptors.append({"kind": "range", "name": text_of(level.name), "start": level.start, "stop": level.stop, "step": level.step})
            continue
        name = text_of(level.name)
        field_name = name if name is not None and name not in taken else generated(place, taken)
        taken.append(field_name)
        descriptors.append(field_name)
        add(level, name, field_name)
    said = {"index_columns": descriptors, "column_indexes": [] if index is False else column_indexes(df.columns), "columns": about}
    return fields, columns, {**said, "attributes": attributes(df), "creator": CREATOR, "pandas_version": pd.__version__}


def text_of(name: object) -> str | None:
    """A name as text: of tuples the text of theirs."""
    if isinstance(name, str) or name is None or (isinstance(name, float) and np.isnan(name)):
        return name
    if isinstance(name, bytes):
        return name.decode()
    return str(tuple(map(text_of, name))) if isinstance(name, tuple) else str(name)


def generated(place: int, taken: list[str]) -> str:
    while f"__index_level_{place}__" in taken:
        place += 1
    return f"__index_level_{place}__"


def attributes(df: pd.DataFrame) -> dict:
    try:
        json.dumps(df.attrs)
    except (TypeError, ValueError) as error:
        warnings.warn(f"Could not serialize pd.DataFrame.attrs: {error}, defaulting to empty attributes.", UserWarning, stacklevel=5)
        return {}
    return df.attrs


def column_indexes(columns: pd.Index) -> list[dict]:
    return [of_names(columns.get_level_values(place), name) for place, name in enumerate(columns.names)]


def of_names(level: pd.Index, name: object) -> dict:
    """What the names of columns are."""
    kind, numpy_type, metadata = str(level.dtype), str(level.dtype), None
    if isinstance(level.dtype, pd.DatetimeTZDtype):
        kind, numpy_type, metadata = "datetimetz", f"datetime64[{level.dtype.unit}]", {"timezone": zone_name(level.dtype.tz)}
    elif isinstance(level.dtype, pd.StringDtype):
        kind, metadata = "unicode", {"encoding": "UTF-8"}
    elif level.dtype == object:
        kind = infer_dtype(level)
        if "mixed" in kind:
            warnings.warn("The DataFrame has column names of mixed type. They will be converted to strings.", UserWarning, stacklevel=6)
        elif kind == "string":
            kind, metadata = "unicode", {"encoding": "UTF-8"}
    return {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy_type, "metadata": metadata}


def described(values: pd.Series | pd.Index, name: object, field_name: str, kind: Kind) -> dict:
    """What a column was in pandas."""
    dtype, metadata = values.dtype, None
    numpy_type = str(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        accessor = getattr(values, "cat", values)
        numpy_type = str(accessor.codes.dtype)
        metadata = {"num_categories": len(dtype.categories), "ordered": bool(dtype.ordered)}
    elif isinstance(dtype, pd.DatetimeTZDtype):
        numpy_type, metadata = f"datetime64[{dtype.unit}]", {"timezone": zone_name(dtype.tz)}
    elif kind.name == "decimal":
        numpy_type, metadata = "object", {"precision": kind.precision, "scale": kind.scale}
    return {"name": name, "field_name": field_name, "pandas_type": logical(kind), "numpy_type": numpy_type, "metadata": metadata}


def logical(kind: Kind) -> str:
    if kind.is_dictionary:
        return "categorical"
    if kind.name in ("int", "float"):
        return str(kind.dtype)
    if kind.name == "timestamp":
        return "datetimetz" if kind.zone else "datetime"
    if kind.name == "list":
        return f"list[{logical(kind.fields[0].kind)}]"
    known = {"null": "empty", "text": "unicode", "bytes": "bytes", "bool": "bool", "date": "date", "time": "time", "decimal": "decimal"}
    return known.get(kind.name, "object")


def column_of(values: pd.Series | pd.Index) -> tuple[Kind, Column, dict[str, str]]:
    """The type and column of a series, and what is to be left of its type beside it."""
    dtype = values.dtype
    if isinstance(dtype, pd.SparseDtype):
        raise TypeError("Sparse pandas data not supported")
    if isinstance(dtype, pd.CategoricalDtype):
        return *categories(pd.Categorical(values)), {}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return *moments(values.array._ndarray, zone_name(dtype.tz)), {}
    if isinstance(dtype, pd.PeriodDtype):
        return *of_period(values.array), extension("period", {"freq": dtype._freqstr})
    if isinstance(dtype, pd.IntervalDtype):
        kind, column = of_interval(values.array)
        return kind, column, extension("interval", {"subtype": str(dtype.subtype), "closed": dtype.closed})
    if isinstance(dtype, pd.StringDtype):
        return *inferred(np.asarray(values.astype(object)), Kind("text")), {}
    if hasattr(values.array, "_mask"):
        kind, column = of_numpy(values.array._data)
        missing = values.array._mask if column.valid is None else values.array._mask | ~column.valid
        return kind, Column(kind, column.length, ~missing if missing.any() else None, column.values), {}
    if not isinstance(dtype, np.dtype):
        raise TypeError(f"columns of {dtype} cannot be written")
    found = values.to_numpy()
    return *(inferred(found) if dtype == object else of_numpy(found)), {}


def of_numpy(values: np.ndarray) -> tuple[Kind, Column]:
    sort = values.dtype.kind
    if sort in "Mm":
        return moments(values, None)
    if sort == "b":
        return Kind("bool"), Column(Kind("bool"), len(values), None, values)
    if sort in "iu":
        kind = Kind("int", values.dtype.itemsize * 8, sort == "i")
        return kind, Column(kind, len(values), None, values)
    if sort == "f" and values.dtype.itemsize <= 8:
        kind = Kind("float", values.dtype.itemsize * 8)
        valid = ~np.isnan(values)
        return kind, Column(kind, len(values), None if valid.all() else valid, values)
    raise TypeError(f"Unsupported numpy type {values.dtype}")


def moments(values: np.ndarray, zone: str | None) -> tuple[Kind, Column]:
    unit = np.datetime_data(values.dtype)[0]
    name = "timestamp" if values.dtype.kind == "M" else "duration"
    if unit not in ("s", "ms", "us", "ns"):
        raise TypeError(f"Unsupported numpy type {values.dtype}")
    valid = ~np.isnat(values)
    kind = Kind(name, unit=unit, zone=zone)
    return kind, Column(kind, len(values), None if valid.all() else valid, values.view(np.int64))


def coerced(kind: Kind, column: Column, unit: str) -> tuple[Kind, Column]:
    """Timestamps in milliseconds or microseconds."""
    if unit not in ("ms", "us"):
        raise ValueError(f"Invalid value for coerce_timestamps: {unit}")
    kind = Kind("timestamp", unit=unit, zone=kind.zone)
    values = column.values.view(f"M8[{column.kind.unit}]").astype(f"M8[{unit}]").view(np.int64)
    return kind, Column(kind, column.length, column.valid, values)


def categories(values: pd.Categorical) -> tuple[Kind, Column]:
    """Categories of texts stay what they are; others are written as their values, as pyarrow does it."""
    codes = np.asarray(values.codes)
    valid = codes >= 0
    valid = None if valid.all() else valid
    kind, column, _ = column_of(values.categories)
    if kind.name == "null":
        return kind, Column(kind, len(codes))
    if kind.name == "text":
        kind = Kind("text", bits=codes.dtype.itemsize * 8, is_dictionary=True, ordered=bool(values.ordered))
        return kind, Column(kind, len(codes), valid, codes.astype(np.int32), categories=column.values)
    rows = np.where(codes >= 0, codes, 0).astype(np.int64)
    found = take(column, rows) if column.length else Column(kind, len(codes), values=np.zeros(len(codes), column.values.dtype))
    return kind, Column(kind, len(codes), valid, found.values, found.offsets, found.children)


def of_period(values: object) -> tuple[Kind, Column]:
    kind = Kind("int", 64)
    missing = values.isna()
    return kind, Column(kind, len(values), ~missing if missing.any() else None, values.asi8)


def of_interval(values: object) -> tuple[Kind, Column]:
    missing = values.isna()
    valid = ~missing if missing.any() else None
    parts = [(name, *column_of(side)[:2]) for name, side in (("left", values.left), ("right", values.right))]
    kind = Kind("struct", fields=tuple(Field(name, kind) for name, kind, _ in parts))
    return kind, Column(kind, len(values), valid, children=tuple(column for _, _, column in parts))


def extension(name: str, about: dict) -> dict[str, str]:
    return {"ARROW:extension:name": f"pandas.{name}", "ARROW:extension:metadata": json.dumps(about)}


def zone_name(zone: object) -> str:
    """A time zone's name, or how far it is from UTC."""
    if isinstance(zone, zoneinfo.ZoneInfo):
        return zone.key
    if name := getattr(zone, "zone", None):
        return name
    offset = zone.utcoffset(None)
    if offset is None:
        raise ValueError(f"the time zone {zone!r} has no name")
    minutes = int(offset.total_seconds()) // 60
    if minutes == 0:
        return "UTC"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
