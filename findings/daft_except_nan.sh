#!/usr/bin/env bash
# Daft 0.7.26's `except_distinct` and `intersect` take null for equal to null, and NaN for unlike NaN: of two tables with NaN the rows with it are in the
# difference and not in what is common. `except_all`, `intersect_all`, `union`, `distinct` and groups have NaN equal to itself, as DuckDB and Polars have.
# So `a.except_distinct(a)`, to ask whether two tables differ, has a row. Guess: nothing is in a table that is not in itself.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages daft==0.7.26 pyarrow==25.0.1 numpy==2.4.6 duckdb==2.0.1
cat >sets.py <<'PY'
import daft
import duckdb
import pyarrow as pa

nan = float('nan')
first, second = pa.table({'x': [1.0, nan, None]}), pa.table({'x': [nan, 2.0, None]})
a, b = daft.from_arrow(first), daft.from_arrow(second)
for name in ('except', 'intersect'):
    for suffix, distinct in (('_distinct', ''), ('_all', ' all')):
        method = 'intersect' if name + suffix == 'intersect_distinct' else name + suffix
        of = lambda rows: sorted(map(str, rows))
        seen = of(getattr(a, method)(b).to_pydict()['x'])
        asked = of(row for row, in duckdb.sql(f'from first {name}{distinct} from second').fetchall())
        print(method, seen, asked)
print(a.except_distinct(a).to_pydict()['x'], a.union(a).count_rows(), a.groupby('x').agg(daft.col('x').count('all').alias('rows')).count_rows())
PY
python -W ignore sets.py >seen
expect 'of 1, NaN, null and NaN, 2, null: Daft, DuckDB' "$(head -n 4 seen)" "except_distinct ['1.0', 'nan'] ['1.0']
except_all ['1.0'] ['1.0']
intersect ['None'] ['None', 'nan']
intersect_all ['None', 'nan'] ['None', 'nan']"
expect '1, NaN, null without itself, rows of its union with itself, groups' "$(tail -n 1 seen)" '[nan] 3 3'
