#!/usr/bin/env bash
# DataFusion 55.0.0's `EXCEPT ALL` and `INTERSECT ALL` do not count: of 1, 1, 2, 2, 2 without 1, 2, 2 nothing is left, where SQL and DuckDB 2.0.1 leave 1 and
# 2, and with it all five are common, where it is three; null counts as a value in both. In Python they are `except_all` and, by default, `intersect`.
# Guess: each row takes away one of its kind, as the standard has it, and as the word ALL tells apart from plain EXCEPT.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datafusion==55.0.0 pyarrow==25.0.1 duckdb==2.0.1
cat >sets.py <<'PY'
import duckdb
import pyarrow as pa
from datafusion import SessionContext

old = pa.table({'x': [1, 1, 2, 2, 2, None, None]})
new = pa.table({'x': [1, 2, 2, None, 5]})
context = SessionContext()
for name, table in ('old', old), ('new', new):
    context.register_record_batches(name, [table.to_batches()])
for query in 'select x from old except all select x from new', 'select x from old intersect all select x from new':
    for rows in context.sql(query).to_pydict()['x'], [x for x, in duckdb.sql(query).fetchall()]:
        print(sorted(rows, key=str), end=' ')
    print()
print(context.table('old').except_all(context.table('new')).to_pydict(), len(context.table('old').intersect(context.table('new')).to_pydict()['x']))
PY
python sets.py >seen
expect 'EXCEPT ALL of DataFusion and DuckDB' "$(sed -n 1p seen)" '[] [1, 2, None] '
expect 'INTERSECT ALL' "$(sed -n 2p seen)" '[1, 1, 2, 2, 2, None, None] [1, 2, 2, None] '
expect 'except_all, rows of intersect' "$(sed -n 3p seen)" "{'x': []} 7"
