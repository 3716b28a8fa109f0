#!/usr/bin/env bash
# DuckDB 2.0.1 and pyarrow 26.0.1: what DuckDB writes with `PARQUET_VERSION v2` of 32-bit integers that are far from each other, differences of more than 32
# bits, pyarrow cannot read; DuckDB can. Guess: whatever either writes of integers the other reads.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages duckdb==2.0.1 pyarrow==26.0.1
cat >deltas.py <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

numbers = [(-1) ** row * (2 ** 31 - 1 - row) for row in range(16)]
given = pa.table({'n': pa.array(numbers, pa.int32())})
for version in ('v1', 'v2'):
    file = f'{version}.parquet'
    duckdb.sql(f"COPY given TO '{file}' (FORMAT parquet, PARQUET_VERSION {version})")
    by_duckdb = [row[0] for row in duckdb.sql(f"FROM '{file}'").fetchall()] == numbers
    try:
        by_pyarrow = pq.read_table(file)['n'].to_pylist() == numbers
    except OSError as error:
        by_pyarrow = str(error)
    print(version, by_duckdb, by_pyarrow, sep=', ', end='; ')
PY
expect 'read by DuckDB, by pyarrow' "$(python deltas.py)" \
    'v1, True, True; v2, True, Unexpected end of stream: InitBlock EOF; '
