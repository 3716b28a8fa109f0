#!/usr/bin/env python3
"""Compares our reader and writer of Parquet with those of others, on random tables: `compare.py [FIRST [COUNT]]`, the numbers of seeds.

Not part of the tests. The environment, with CPython 3.13:

    pip install numpy==2.5.2 pandas==3.0.6 pyarrow==26.0.1 fastparquet==2026.9.0 polars==2.1.0 duckdb==2.0.1
"""

import io
import pathlib
import sys
import tempfile
import traceback
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / 'runtime/executors/science/app')]
sys.dont_write_bytecode = True

import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
import tables  # noqa: E402
from weft_parquet.engine import Engine  # noqa: E402

ENCODINGS = {
    'int': ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT', 'PLAIN'], 'str': ['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY', 'PLAIN'],
}


def options(one, table):
    """How pyarrow is to write."""
    found = {
        'compression': str(one.choice(['snappy', 'gzip', 'none', 'lz4', 'zstd'])), 'data_page_version': str(one.choice(['1.0', '2.0'])),
        'use_dictionary': bool(one.integers(2)), 'data_page_size': int(one.choice([64, 1000, 1 << 20])), 'version': str(one.choice(['1.0', '2.4', '2.6'])),
        'row_group_size': int(one.choice([1, 17, 100, 1 << 20])), 'store_schema': bool(one.integers(4)),
        'dictionary_pagesize_limit': int(one.choice([16, 1 << 20])), 'write_page_index': bool(one.integers(2)),
    }
    if one.random() < 0.1:
        found['use_deprecated_int96_timestamps'] = True
    if not found['use_dictionary'] and one.random() < 0.7:
        encoding = {}
        for field in table.schema:
            kind = field.type
            if pa.types.is_int32(kind) or pa.types.is_int64(kind) or pa.types.is_timestamp(kind):
                encoding[field.name] = str(one.choice(ENCODINGS['int']))
            elif pa.types.is_floating(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_decimal(kind):
                encoding[field.name] = 'BYTE_STREAM_SPLIT'
            elif pa.types.is_string(kind) or pa.types.is_binary(kind):
                encoding[field.name] = str(one.choice(ENCODINGS['str']))
            elif pa.types.is_boolean(kind):
                encoding[field.name] = 'RLE'
        if encoding:
            found['column_encoding'] = encoding
    return found


def of_pyarrow(seed):
    one, table = tables.table(seed)
    how = options(one, table)
    file = io.BytesIO()
    try:
        pq.write_table(table, file, **how)
        wanted = pd.read_parquet(io.BytesIO(file.getvalue()))
    except (pa.ArrowException, OverflowError, ValueError, NotImplementedError, OSError):
        return None, how
    return tables.differences(Engine().read(io.BytesIO(file.getvalue())), wanted), how


def of_polars(seed):
    import polars
    one, table = tables.table(seed)
    compression = str(one.choice(['snappy', 'gzip', 'uncompressed', 'lz4', 'zstd']))
    file = io.BytesIO()
    try:
        polars.from_arrow(table).write_parquet(file, compression=compression, row_group_size=int(one.choice([20, 1000])))
        wanted = pd.read_parquet(io.BytesIO(file.getvalue()))
    except BaseException:  # pylint: disable=broad-except  # polars panics by errors that are no Exception
        return None, compression
    return tables.differences(Engine().read(io.BytesIO(file.getvalue())), wanted), compression


def of_duckdb(seed):
    import duckdb
    one, table = tables.table(seed)
    compression = str(one.choice(['snappy', 'gzip', 'uncompressed', 'lz4_raw', 'zstd']))
    version = str(one.choice(['v1', 'v2']))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, 'a.parquet')
        try:
            connection = duckdb.connect()
            connection.register('given', table)
            connection.sql(f"COPY given TO '{file}' (FORMAT parquet, COMPRESSION {compression}, PARQUET_VERSION {version}, ROW_GROUP_SIZE 2048)")
            wanted = pd.read_parquet(file)
        except (duckdb.Error, pa.ArrowException, ValueError, NotImplementedError, OSError):
            return None, compression
        return tables.differences(Engine().read(file), wanted), (compression, version)


def frame_of(seed):
    """A random table as pandas has it."""
    one, table = tables.table(seed)
    try:
        frame = table.to_pandas()
    except (pa.ArrowException, ValueError):
        return one, None
    for name in list(frame):
        kind = frame[name].dtype
        if one.random() < 0.3 and kind.kind in 'iuf' and kind.itemsize > 2 and kind != 'float16':
            frame[name] = frame[name].astype(str(kind).replace('i', 'I').replace('u', 'U').replace('f', 'F').replace('UI', 'UI'))
    if one.random() < 0.3 and len(frame.columns) > 1:
        by = [name for name in frame if frame[name].dtype.kind in 'iM' or frame[name].dtype == 'str'][:2]
        if by:
            frame = frame.set_index(by)
    return one, frame


def of_fastparquet(seed):
    import fastparquet
    one, frame = frame_of(seed)
    if frame is None:
        return None, ''
    compression = [None, 'snappy', 'gzip'][int(one.integers(3))]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, 'a.parquet')
        try:
            fastparquet.write(file, frame, compression=compression, row_group_offsets=int(one.choice([30, 10000])))
            wanted = pd.read_parquet(file, engine='pyarrow')
        except Exception:  # pylint: disable=broad-except
            return None, compression
        return tables.differences(Engine().read(file), wanted), compression


def of_ours(seed):
    """What we write is what pyarrow reads of what it wrote itself, and what we read."""
    one, frame = frame_of(seed)
    if frame is None:
        return None, ''
    index = [None, True, False][int(one.integers(3))]
    how = {'compression': [None, 'snappy', 'gzip'][int(one.integers(3))], 'index': index}
    try:
        file = io.BytesIO()
        frame.to_parquet(file, **how)
        wanted = pd.read_parquet(io.BytesIO(file.getvalue()))
    except (pa.ArrowException, ValueError, NotImplementedError, TypeError):
        return None, how
    ours = io.BytesIO()
    # pyarrow converts structures by row group: theirs are of as many.
    rows = int(one.choice([30, 1 << 20]))
    again = io.BytesIO()
    frame.to_parquet(again, row_group_size=rows, **how)
    wanted = pd.read_parquet(again)
    Engine().write(frame, ours, row_group_size=rows, **how)
    found = tables.differences(pd.read_parquet(io.BytesIO(ours.getvalue())), wanted)
    found += ['ours: ' + line for line in tables.differences(Engine().read(io.BytesIO(ours.getvalue())), wanted)]
    return found, how


WRITERS = (of_pyarrow, of_polars, of_duckdb, of_fastparquet, of_ours)


def main(first=0, count=100, *only):
    warnings.simplefilter('ignore')
    told = 0
    for writer in WRITERS:
        if only and writer.__name__ not in only:
            continue
        compared = failed = 0
        for seed in range(int(first), int(first) + int(count)):
            try:
                found, how = writer(seed)
            except Exception:  # pylint: disable=broad-except
                found, how = [traceback.format_exc(limit=-4)], ''
            compared += found is not None
            if found:
                failed += 1
                told += 1
                if told < 25:
                    print(writer.__name__, seed, how, *found[:4], sep='\n  ', flush=True)
        print(f'{writer.__name__}: {compared} compared, {failed} differ', flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
