#!/usr/bin/env bash
# DuckDB 2.0.1: a sum of integers of 64 bits (HUGEINT) is written to Parquet as a floating-point number: 9007199254740993 + 2 comes back as 9007199254740996,
# and so is it in pandas. Arrow, CSV and DuckDB's own file have the sum. And a value of a union comes back as a structure, of which the number of the member
# is a column. Guess: a sum that fits is written as an integer, or as a decimal, as it is to Arrow.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages duckdb==2.0.1 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cat >sums.py <<'PY'
import duckdb
import pyarrow.parquet

connection = duckdb.connect()
sums = 'select sum(i) as s from (values (9007199254740993::bigint), (2)) t(i)'
print('sum', *connection.execute(sums).fetchone(), connection.execute(f'select typeof(s) from ({sums})').fetchone()[0])
print('arrow', connection.execute(sums).to_arrow_table()['s'][0].as_py())
frame = connection.execute(sums).df()
print('pandas', f"{frame['s'][0]:.0f}", frame['s'].dtype)
for kind in ('csv', 'parquet'):
    connection.execute(f"copy ({sums}) to 'sums.{kind}'")
    value = connection.execute(f"from 'sums.{kind}'").fetchone()[0]
    print(kind, int(value), type(value).__name__)
connection.execute("attach 'sums.db' as own")
connection.execute(f'create table own.sums as {sums}')
print('own', *connection.execute('from own.sums').fetchone())
print('pyarrow', pyarrow.parquet.read_table('sums.parquet').schema.field('s').type)
connection.execute("copy (select union_value(n := 1) as u) to 'union.parquet'")
print('union', *connection.execute("from 'union.parquet'").fetchone())
PY
python -W ignore sums.py >seen
expect 'the sum, also through Arrow' "$(sed -n 1,2p seen)" 'sum 9007199254740995 HUGEINT
arrow 9007199254740995'
expect 'in pandas' "$(sed -n 3p seen)" 'pandas 9007199254740996 float64'
expect 'in a file of CSV, in one of Parquet' "$(sed -n 4,5p seen)" 'csv 9007199254740995 int
parquet 9007199254740996 float'
expect "in DuckDB's own file, the type in Parquet" "$(sed -n 6,7p seen)" 'own 9007199254740995
pyarrow double'
expect 'a union' "$(sed -n 8p seen)" "union {'element1': 0, 'n': 1}"
