"""Tables of pandas from columns, as pyarrow makes them: types, index and names by what pandas left in the file."""

import ast
import decimal
import json
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from .errors import ParquetError
from .kinds import Column, Field
from .objects import values_of, zone_of

Table = dict[str, tuple[Field, Column]]
Mapper = Callable[[Field], object]
GENERATED = re.compile(r"__index_level_\d+__")


def metadata_of(metadata: dict[bytes, bytes]) -> dict | None:
    """What pandas left in a file."""
    if b"pandas" not in metadata:
        return None
    try:
        found = json.loads(metadata[b"pandas"])
    except ValueError:
        raise ParquetError("what pandas left in the file is no JSON") from None
    well_formed = (
        isinstance(found, dict)
        and isinstance(found.get("index_columns"), list)
        and isinstance(found.get("columns"), list)
        and all(isinstance(one, dict) for one in found["columns"])
    )
    if not well_formed:
        raise ParquetError("what pandas left in the file is not as pandas writes it")
    return found


def index_columns(said: dict | None) -> list[str]:
    """The columns that are its index."""
    return [one for one in said["index_columns"] if isinstance(one, str)] if said else []


def to_pandas(table: Table, rows: int, said: dict | None, is_nullable: bool) -> pd.DataFrame:
    """A table. With `is_nullable` columns have pandas' types with nulls of their own."""
    about = {one.get("field_name") or one.get("name"): one for one in said["columns"]} if said else {}
    table = with_zones(table, about)
    mapper = nullable if is_nullable else lambda field: None
    index, used = index_of(table, rows, said, about, mapper)
    data = {name: pair for name, pair in table.items() if name not in used}
    arrays = [array_of(field, column, mapper(field) or dtype_of(about.get(name))) for name, (field, column) in data.items()]
    # With its type said, pandas does not look for another among objects.
    series = {number: pd.Series(array, index=index, dtype=array.dtype, copy=False) for number, array in enumerate(arrays)}
    frame = pd.DataFrame(series, index=index, copy=False)
    frame.columns = columns_of(list(data), about, said.get("column_indexes") or [] if said else [])
    if said and isinstance(said.get("attributes"), dict):
        frame.attrs = said["attributes"]
    return frame


def nullable(field: Field) -> object:
    """pandas' type with nulls of its own for a column, if there is one."""
    kind = field.kind
    if kind.is_dictionary:
        return None
    if kind.name == "int":
        return pd.api.types.pandas_dtype(f"{'' if kind.signed else 'U'}Int{kind.bits}")
    if kind.name == "float" and kind.bits != 16:
        return pd.api.types.pandas_dtype(f"Float{kind.bits}")
    return {"bool": pd.BooleanDtype(), "text": pd.StringDtype()}.get(kind.name)


def with_zones(table: Table, about: dict[str, dict]) -> Table:
    """Timestamps have the time zone that pandas says, where the file says another: then in nanoseconds."""
    out = dict(table)
    for name, one in about.items():
        zone = (one.get("metadata") or {}).get("timezone") if one.get("pandas_type") == "datetimetz" else None
        field, column = table.get(name, (None, None))
        if zone and field and field.kind.name == "timestamp" and field.kind.zone != zone:
            values = column.values.view(f"M8[{field.kind.unit}]").astype("M8[ns]").view(np.int64)
            kind = type(field.kind)("timestamp", unit="ns", zone=zone)
            out[name] = (field.with_kind(kind), Column(kind, column.length, column.valid, values))
    return out


def dtype_of(about: dict | None) -> object:
    """The type that a column had in pandas, if it is one that numpy has not."""
    name = about.get("numpy_type") if about else None
    if not isinstance(name, str) or name == "object":
        return None
    # These need pyarrow itself; what they hold can do without.
    name = {"string[pyarrow]": "string", "string[pyarrow_numpy]": "str"}.get(name, name)
    try:
        found = pd.api.types.pandas_dtype(name)
    except (TypeError, ValueError, ImportError):
        return None
    return found if isinstance(found, ExtensionDtype) and hasattr(found, "__from_arrow__") else None


def array_of(field: Field, column: Column, dtype: object = None) -> object:
    """The array of a column, of the type that it had in pandas if it can be had."""
    kind = field.kind
    if kind.is_dictionary:
        return categorical(column)
    own = extension_of(field)
    if isinstance(own or dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        found = own or dtype
        return period(column, found) if isinstance(found, pd.PeriodDtype) else interval(column, found)
    if isinstance(dtype, pd.StringDtype) and kind.name == "text":
        return pd.array(values_of(column), dtype=dtype)
    if dtype is not None and kind.name in ("int", "float", "bool") and not isinstance(dtype, pd.StringDtype):
        return masked(column, dtype)
    values = values_of(column)
    if kind.name == "text":
        return pd.array(values, dtype="str")
    if kind.name == "timestamp" and kind.zone:
        found = pd.arrays.DatetimeArray._simple_new(values, dtype=pd.DatetimeTZDtype(kind.unit, zone_of(kind.zone)))
        return found.as_unit(dtype.unit).tz_convert(dtype.tz) if isinstance(dtype, pd.DatetimeTZDtype) else found
    return values


def masked(column: Column, dtype: object) -> object:
    whole = values_of(Column(column.kind, column.length, None, column.values))
    mask = np.zeros(column.length, bool) if column.valid is None else ~column.valid
    if whole.dtype.kind == "f":
        # As pyarrow's: what is not a number stays one.
        values = whole.astype(dtype.type if dtype.kind == "f" else whole.dtype)
        return type(pd.array([], dtype=dtype))(values, mask) if dtype.kind == "f" else pd.array(values_of(column), dtype=dtype)
    array = type(pd.array([], dtype=dtype))
    whole = np.where(mask, whole.dtype.type(0), whole)
    return array(whole.astype(dtype.type), mask)


def categorical(column: Column) -> pd.Categorical:
    codes = column.values if column.valid is None else np.where(column.valid, column.values, -1)
    is_text = column.kind.name == "text"
    if is_text and len(column.categories):
        categories = pd.Index(pd.array(column.categories, dtype="str"))
    else:
        categories = pd.Index(column.categories, dtype=column.kind.dtype or object)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(categories, column.kind.ordered))


def extension_of(field: Field) -> object:
    """pandas' types that Arrow knows as extensions: periods and intervals."""
    name = field.metadata.get("ARROW:extension:name")
    if name not in ("pandas.period", "pandas.interval"):
        return None
    try:
        about = json.loads(field.metadata.get("ARROW:extension:metadata", ""))
        return pd.PeriodDtype(about["freq"]) if name == "pandas.period" else pd.IntervalDtype(closed=about["closed"])
    except (ValueError, KeyError, TypeError):
        return None


def period(column: Column, dtype: pd.PeriodDtype) -> object:
    if column.kind.name != "int":
        return values_of(column)
    values = column.values.astype(np.int64)
    if column.valid is not None:
        values = np.where(column.valid, values, np.iinfo(np.int64).min)
    return pd.arrays.PeriodArray(values, dtype=dtype)


def interval(column: Column, dtype: pd.IntervalDtype) -> object:
    if [field.name for field in column.kind.fields] != ["left", "right"]:
        return values_of(column)
    left, right = (array_of(field, child) for field, child in zip(column.kind.fields, column.children))
    if column.valid is not None:
        left, right = (pd.Series(side).where(column.valid).to_numpy() for side in (left, right))
    return pd.arrays.IntervalArray.from_arrays(pd.Index(left), pd.Index(right), closed=dtype.closed)


def index_of(table: Table, rows: int, said: dict | None, about: dict, mapper: Mapper) -> tuple[pd.Index, set[str]]:
    """The rows' names, and the columns that they are made of."""
    levels, names, used = [], [], set()
    for one in said["index_columns"] if said else []:
        if isinstance(one, str):
            if one not in table:
                continue
            used.add(one)
            name = about.get(one, {}).get("name", one)
            names.append(None if name == one and GENERATED.fullmatch(one) else name)
            field, column = table[one]
            levels.append(array_of(field, column, mapper(field)))
        elif isinstance(one, dict) and one.get("kind") == "range":
            try:
                level = pd.RangeIndex(one["start"], one["stop"], one["step"])
            except (KeyError, TypeError, ValueError):
                raise ParquetError("what pandas left in the file has an index that cannot be") from None
            # Rows may have been taken out.
            if len(level) == rows:
                levels.append(level)
                names.append(one.get("name"))
        else:
            raise ParquetError(f"what pandas left in the file has an index of an unknown kind: {one!r:.80}")
    if len(levels) > 1:
        return pd.MultiIndex.from_arrays(levels, names=names), used
    if levels:
        level = levels[0] if isinstance(levels[0], pd.Index) else pd.Index(levels[0], dtype=levels[0].dtype)
        return level.rename(names[0]), used
    return pd.RangeIndex(rows), used


def columns_of(fields: list[str], about: dict[str, dict], levels: list[dict]) -> pd.Index:
    """The columns' names, of the types that they had."""
    names = [about.get(field, {}).get("name", field) for field in fields]
    if len(levels) > 1:
        try:
            tuples = [ast.literal_eval(name) for name in names]
        except (ValueError, SyntaxError):
            raise ParquetError("what pandas left in the file has names of columns that are no tuples") from None
        found = pd.MultiIndex.from_tuples(tuples, names=[level.get("name") for level in levels])
        return found.set_levels([typed(one, level) for one, level in zip(found.levels, levels)], verify_integrity=False)
    found = pd.Index(names, name=levels[0].get("name") if levels else None)
    if len(names) == 0 and levels:
        found = found.astype("str")
    return typed(found, levels[0]) if levels else found


def typed(names: pd.Index, about: dict) -> pd.Index:
    """Names of columns as they were before they were written as texts."""
    kind, numpy_type = about.get("pandas_type"), about.get("numpy_type")
    try:
        if kind == "bytes":
            names = names.map(lambda name: name.encode())
        elif kind == "datetimetz":
            zone = zone_of(about["metadata"]["timezone"])
            return pd.to_datetime(names, utc=True).tz_convert(zone).as_unit(np.datetime_data(numpy_type)[0])
        elif kind == "decimal":
            names = pd.Index([decimal.Decimal(name) for name in names])
        elif names.dtype == "str" and numpy_type == "object" and ("mixed" in kind or kind in ("unicode", "string")):
            return names
        elif kind in ("integer", "floating") or kind in ("bool", "date") or re.fullmatch(r"u?int\d+|float\d+|datetime.*", kind):
            known = {"integer": "int64", "floating": "float64", "datetime": "datetime64[ns]", "date": "datetime64[D]"}
            names = names.astype(known.get(kind, kind))
        return names if str(names.dtype) == numpy_type else names.astype(numpy_type)
    except (KeyError, TypeError, ValueError, AttributeError):
        return names
