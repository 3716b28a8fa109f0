"""What pandas asks of an engine for Parquet."""

import io
import os
import pathlib
import urllib.parse
import uuid

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default
from pandas.io.common import get_handle, is_fsspec_url, stringify_path

from . import arrays, codecs, filters as conditions, frame, reader, writer
from .errors import ParquetError, Unsupported

NAMES = ("auto", "pyarrow", "fastparquet")


def engine(name: str) -> "Engine":
    """In the place of pandas' own choice: all names are for this one."""
    if name not in NAMES:
        raise ValueError("engine must be one of 'pyarrow', 'fastparquet'")
    return Engine()


# What pyarrow's or fastparquet's functions take that changes how they go about it, or what they leave in a file, but no value.
PASSED_OVER = frozenset("""
    buffer_size memory_map pre_buffer thrift_container_size_limit thrift_string_size_limit
    use_pandas_metadata use_threads page_checksum_verification
    compression_level data_page_size data_page_version dictionary_pagesize_limit store_schema stats use_byte_stream_split
    use_compliant_nested_type use_dictionary version write_batch_size write_page_checksum write_page_index write_statistics
    column_encoding allow_truncated_timestamps has_nulls
""".split())


def passed_over(options: dict) -> None:
    if unknown := [name for name in options if name not in PASSED_OVER]:
        raise Unsupported(f"the option {unknown[0]!r} is not available: Parquet is read and written here without pyarrow")


class Engine:
    """Reads and writes for `pandas.read_parquet` and `DataFrame.to_parquet`."""

    def read(
        self, path, columns=None, filters=None, storage_options=None, dtype_backend=no_default, filesystem=None, to_pandas_kwargs=None, **options
    ) -> pd.DataFrame:
        passed_over(options)
        refuse(path, storage_options, filesystem)
        if dtype_backend == "pyarrow":
            raise Unsupported("dtype_backend='pyarrow' needs pyarrow, which is not available; 'numpy_nullable' is")
        if to_pandas_kwargs:
            raise Unsupported(f"to_pandas_kwargs are not available: {', '.join(to_pandas_kwargs)}")
        files = opened(path)
        if not files:
            return frame.to_pandas({}, 0, None, is_nullable=False)
        nested = conditions.alternatives(filters) if filters is not None else []
        said = frame.metadata_of(reader.described(files[0].data)[0].metadata)
        wanted = None
        if columns is not None:
            names = {node.field.name for node in reader.described(files[0].data)[1]}
            index = [name for name in frame.index_columns(said) if name in names]
            wanted = [*dict.fromkeys([*columns, *index])]
        asked = None if wanted is None else [*dict.fromkeys([*wanted, *(one[0] for part in nested for one in part)])]
        found = reader.read(files, asked)
        table, rows = found.table, found.rows
        for name in (one[0] for part in nested for one in part):
            if name not in table:
                raise ParquetError(f"there is no column {name!r} to filter by")
        if nested:
            left = np.flatnonzero(conditions.mask(table, rows, nested))
            table = {name: (field, arrays.take(column, left)) for name, (field, column) in table.items()}
            rows = len(left)
        if wanted is not None:
            table = {name: table[name] for name in wanted}
        return frame.to_pandas(table, rows, said, dtype_backend == "numpy_nullable")

    def write(
        self, df, path, compression="snappy", index=None, storage_options=None, partition_cols=None, filesystem=None, **options
    ) -> None:
        if not isinstance(df, pd.DataFrame):
            raise ValueError("to_parquet only supports IO with DataFrames")
        partition_cols = options.pop("partition_on", partition_cols)
        settings = writer.Settings(codecs.codec(compression))
        if rows := options.pop("row_group_size", None):
            settings.group_rows = max(1, int(rows))
        settings.coerce = options.pop("coerce_timestamps", None)
        template = options.pop("basename_template", None)
        if options.pop("schema", None) is not None:
            raise Unsupported("a schema of pyarrow is not available: give the columns their types with `astype`")
        passed_over(options)
        refuse(path, storage_options, filesystem)
        if partition_cols is not None:
            write_parts(df, stringify_path(path), partition_cols, index, settings, template)
            return
        data = writer.write(df, index, settings)
        if hasattr(path, "write"):
            path.write(data)
        else:
            with get_handle(path, "wb", is_text=False) as handles:
                handles.handle.write(data)


def refuse(path: object, storage_options: object, filesystem: object) -> None:
    path = stringify_path(path)
    if filesystem is not None or (isinstance(path, str) and is_fsspec_url(path) and not path.startswith("file://")):
        raise Unsupported("Parquet is read and written here in files of the sandbox, not in other file systems")
    if storage_options:
        raise ValueError("storage_options passed with file object or non-fsspec file path")


def opened(path: object) -> list[reader.Source]:
    """The files behind what `read_parquet` was given."""
    path = stringify_path(path)
    if isinstance(path, (list, tuple)):
        return [one for name in path for one in opened(name)]
    if isinstance(path, str):
        path = path.removeprefix("file://")
        if os.path.isdir(path):
            return reader.sources(path)
        with get_handle(path, "rb", is_text=False) as handles:
            return [reader.Source(handles.handle.read(), {})]
    if not hasattr(path, "read"):
        raise TypeError(f"expected a path or a file, not {type(path).__name__}")
    data = b"" if isinstance(path, io.TextIOBase) else path.read()
    if isinstance(path, io.TextIOBase) or not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError("the file was opened for text; Parquet is bytes: open it with 'rb'")
    return [reader.Source(bytes(data), {})]


def write_parts(df: pd.DataFrame, path: str, by: list[str], index: bool | None, settings: writer.Settings, template: str | None) -> None:
    """A folder for each value of the columns to part by, within each a file, called as `template` with a number for `{i}`."""
    by = [by] if isinstance(by, str) else list(by)
    for name in by:
        if name not in df.columns:
            raise KeyError(name)
    if len(by) == len(df.columns):
        raise ValueError("No data left to save outside partition columns")
    # Rows have no names of their own within the parts.
    keep = index is not False and (index or not isinstance(df.index, pd.RangeIndex))
    for number, (values, part) in enumerate(df.groupby(by, dropna=False, observed=True, sort=True)):
        folder = pathlib.Path(path, *(f"{name}={spelled(value)}" for name, value in zip(by, values)))
        folder.mkdir(parents=True, exist_ok=True)
        data = writer.write(part.drop(columns=by), keep, settings)
        # The name is the content's: written again, it is the same file.
        name = template.replace("{i}", "0") if template else f"{uuid.uuid5(uuid.NAMESPACE_OID, data.hex()).hex}-{number}.parquet"
        (folder / name).write_bytes(data)


def spelled(value: object) -> str:
    """A value in the name of a folder, as Arrow writes it."""
    if pd.isna(value):
        return reader.NO_VALUE
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, pd.Timestamp):
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[value.unit]
        fraction = f".{value.microsecond * 1000 + value.nanosecond:09}"[: digits + 1] if digits else ""
        text = f"{value:%Y-%m-%d %H:%M:%S}{fraction}{'Z' if value.tzinfo else ''}"
    else:
        text = str(value)
    return urllib.parse.quote(text, safe="")
