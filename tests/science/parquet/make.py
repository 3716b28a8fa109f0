#!/usr/bin/env python3
"""Writes `files/`, small files of Parquet by several writers, and `answers.json`: what `pandas.read_parquet` makes of them with pyarrow, and
the digests of what our own writer makes of some tables, after pyarrow has read there what it should.

The environment is that of `compare.py`, with CPython 3.13.
"""

import datetime
import decimal
import hashlib
import io
import json
import pathlib
import shutil
import sys
import tempfile
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'functions'), str(HERE.parents[2] / 'runtime/executors/science/app')]
sys.dont_write_bytecode = True

import cases  # noqa: E402
import duckdb  # noqa: E402
import fastparquet  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import polars  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
import tables  # noqa: E402
import written  # noqa: E402
from weft_parquet.engine import Engine  # noqa: E402

FILES = HERE / 'files'


def every_type(rows=16):
    """All types, with nulls."""
    moment = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456)

    def column(kind, values):
        return pa.array([None if row % 7 == 3 else values(row) for row in range(rows)], kind)

    found = {
        'bool': column(pa.bool_(), lambda row: row % 3 == 0),
        'float16': column(pa.float16(), lambda row: np.float16(row / 4)),
        'float32': column(pa.float32(), lambda row: row / 3),
        'float64': column(pa.float64(), lambda row: [row / 3, float('inf'), -0.0, float('nan')][row % 4]),
        'text': column(pa.string(), lambda row: ['', 'a', 'naïve', '漢字 😀'][row % 4] + str(row // 3)),
        'large_text': column(pa.large_string(), lambda row: 'x' * row),
        'bytes': column(pa.binary(), lambda row: bytes(range(row))),
        'fixed': column(pa.binary(3), lambda row: bytes([row, 255, 0])),
        'decimal9': column(pa.decimal128(9, 2), lambda row: decimal.Decimal(row - 20) / 4),
        'decimal38': column(pa.decimal128(38, 10), lambda row: decimal.Decimal(row - 20) * 10**25),
        'date': column(pa.date32(), lambda row: datetime.date(1960, 1, 1) + datetime.timedelta(row * 500)),
        'time_ms': column(pa.time32('ms'), lambda row: datetime.time(row % 24, row, row, row * 1000)),
        'time_us': column(pa.time64('us'), lambda row: datetime.time(row % 24, row, row, row)),
        'duration': column(pa.duration('us'), lambda row: datetime.timedelta(row, row, row)),
        'uuid': pa.ExtensionArray.from_storage(pa.uuid(), column(pa.binary(16), lambda row: uuid.UUID(int=row << 90).bytes)),
        'null': pa.nulls(rows),
        'category': pa.array([None if row == 5 else 'cab'[row % 3] for row in range(rows)]).dictionary_encode(),
        'list': column(pa.list_(pa.int32()), lambda row: list(range(row % 4))),
        'list_of_text': column(pa.list_(pa.string()), lambda row: [None if row % 5 == 0 else 'ab', 'c'][:row % 3]),
        'struct': column(pa.struct([('x', pa.int64()), ('y', pa.string()), ('t', pa.timestamp('ms', 'Europe/Paris'))]),
                         lambda row: {'x': row, 'y': None if row % 2 else 'y', 't': moment}),
        'map': column(pa.map_(pa.string(), pa.float64()), lambda row: [(str(key), key / 2) for key in range(row % 3)]),
        'lists': column(pa.list_(pa.list_(pa.int64())), lambda row: [[row], [], None][:row % 4]),
    }
    for bits in (8, 16, 32, 64):
        found[f'int{bits}'] = column(getattr(pa, f'int{bits}')(), lambda row: (-1) ** row * (2 ** (bits - 1) - 1 - row))
        found[f'uint{bits}'] = column(getattr(pa, f'uint{bits}')(), lambda row: 2 ** bits - 1 - row)
    for unit in ('s', 'ms', 'us', 'ns'):
        scale = {'s': 1, 'ms': 1000, 'us': 10 ** 6, 'ns': 10 ** 9}[unit]
        found[f'timestamp_{unit}'] = column(pa.timestamp(unit), lambda row: (row - 20) * 86399 * scale + row)
        found[f'zoned_{unit}'] = column(pa.timestamp(unit, 'America/New_York'), lambda row: row * 8_639_999 * scale)
    return pa.table(found)


def of_pyarrow(name, table, **how):
    pq.write_table(table, FILES / f'{name}.parquet', **how)


def by_pyarrow():
    table = every_type()
    of_pyarrow('types_v1', table, compression='none')
    of_pyarrow('types_v2', table, data_page_version='2.0', use_dictionary=False, row_group_size=9, compression='zstd')
    of_pyarrow('types_small_pages', table, data_page_size=32, write_batch_size=8, compression='gzip', dictionary_pagesize_limit=64)
    of_pyarrow('types_without_schema', table.drop_columns(['timestamp_ns', 'zoned_ns']), store_schema=False, version='1.0', compression='lz4')
    of_pyarrow('int96', table.select(['timestamp_us', 'zoned_ns']), use_deprecated_int96_timestamps=True)
    of_pyarrow('coerced', table.select(['timestamp_us', 'timestamp_ns', 'zoned_us']), coerce_timestamps='ms', allow_truncated_timestamps=True)
    of_pyarrow('empty', table.slice(0, 0))
    encodings = {name: 'DELTA_BINARY_PACKED' for name in ('int32', 'int64', 'timestamp_us')}
    encodings |= {'float32': 'BYTE_STREAM_SPLIT', 'float64': 'BYTE_STREAM_SPLIT', 'decimal9': 'BYTE_STREAM_SPLIT', 'float16': 'BYTE_STREAM_SPLIT'}
    encodings |= {'text': 'DELTA_BYTE_ARRAY', 'large_text': 'DELTA_LENGTH_BYTE_ARRAY', 'fixed': 'DELTA_BYTE_ARRAY', 'bool': 'RLE'}
    of_pyarrow('encodings', table.select(list(encodings)), use_dictionary=False, column_encoding=encodings)
    long = pa.table({'n': pa.array(np.random.default_rng(5).integers(0, 9, 3000)), 'one': pa.array(['same'] * 3000), 'up': pa.array(range(3000))})
    of_pyarrow('long', long, row_group_size=1024, data_page_size=500, data_page_version='2.0', compression='zstd')
    of_pyarrow('long_deltas', long.select(['n', 'up']), use_dictionary=False, column_encoding={'n': 'DELTA_BINARY_PACKED', 'up': 'DELTA_BINARY_PACKED'})


def by_pandas():
    for name, frame in written.frames().items():
        frame.to_parquet(FILES / f'pandas_{name}.parquet')
    frame = pd.DataFrame({'part': ['a', 'b', 'a', 'b='], 'year': [2023, 2024, 2024, 2023], 'x': [1.5, 2.5, None, 4.5]})
    frame.to_parquet(FILES / 'parted', partition_cols=['year', 'part'], basename_template='part-{i}.parquet')


def by_others():
    table = every_type()
    without = table.drop_columns(['float16', 'null', 'decimal38', 'map', 'uuid', 'category', 'duration'])
    polars.from_arrow(without.drop_columns(['fixed'])).write_parquet(FILES / 'polars.parquet')
    connection = duckdb.connect()
    # pyarrow cannot read what DuckDB makes of these as differences: "InitBlock EOF". DuckDB and we can.
    unread = ['int32', 'uint32']
    for version in ('v1', 'v2'):
        connection.register('given', table.drop_columns(['float16', 'null'] + unread * (version == 'v2')))
        connection.sql(f"COPY given TO '{FILES}/duckdb_{version}.parquet' (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION {version})")
    frame = table.select(['bool', 'float64', 'text', 'int64', 'timestamp_us', 'zoned_us']).to_pandas()
    fastparquet.write(str(FILES / 'fastparquet.parquet'), frame.dropna(), compression='SNAPPY', row_group_offsets=10)


def digests():
    """What our writer makes of tables, once pyarrow reads there what it reads of what it wrote itself."""
    found = {}
    for name, frame in written.frames().items():
        theirs, ours = io.BytesIO(), io.BytesIO()
        frame.to_parquet(theirs)
        Engine().write(frame, ours)
        different = tables.differences(pd.read_parquet(ours), pd.read_parquet(theirs))
        if different:
            sys.exit(f'{name}: {different}')
        if len(frame.columns):
            one, other = (repr(duckdb.sql(f"SELECT * FROM '{saved(file)}'").fetchall()) for file in (ours, theirs))
            if one != other:
                sys.exit(f'{name}: DuckDB reads {one} instead of {other}')
        found[name] = hashlib.sha256(ours.getvalue()).hexdigest()
    return found


def saved(file):
    path = pathlib.Path(tempfile.gettempdir(), 'written.parquet')
    path.write_bytes(file.getvalue())
    return path


def main():
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir()
    by_pyarrow()
    by_pandas()
    by_others()
    answers, size = {}, 0
    for path in sorted(FILES.iterdir()):
        wanted = pd.read_parquet(path)
        different = tables.differences(Engine().read(path), wanted)
        if different:
            print(path.name, *different[:3], sep='\n  ')
        answer = json.loads(json.dumps(cases.plain(wanted)))
        if len(wanted) > 100:
            answer = written.digest(answer)
        same = next((name for name, known in answers.items() if known == answer), None)
        answers[path.name] = {'as': same} if same else answer
        size += sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob('*.parquet')))
    lines = [f'{json.dumps(name)}: {json.dumps(answer, ensure_ascii=False, allow_nan=False)}' for name, answer in answers.items()]
    text = '{"read": {\n' + ',\n'.join(lines) + '\n}, "written": ' + json.dumps(digests(), indent=1) + '}\n'
    (HERE / 'answers.json').write_text(text, encoding='utf-8')
    print(f'{len(answers)} files of {size} bytes, answers of {len(text)} characters')


if __name__ == '__main__':
    main()
