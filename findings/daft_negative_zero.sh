#!/usr/bin/env bash
# Daft 0.7.26 takes 0.0 and -0.0 for different numbers: a filter `x == 0` does not find what `round` makes of -0.2, a join leaves it out, groups have two
# zeros, and `x < 0` finds it. DuckDB, Polars and IEEE 754 have them equal. Guess: as those.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages daft==0.7.26 pyarrow==25.0.1 numpy==2.4.6 polars==2.1.0 duckdb==2.0.1
cat >zeros.py <<'PY'
import daft
import duckdb
import polars as pl
from daft import col

numbers = {'row': [1, 2, 3], 'x': [0.2, -0.2, 1.2]}
rows = daft.from_pydict(numbers).select(col('row'), col('x').round(0))
zero = {'x': [0.0]}
print(
    rows.where(col('x') == 0).to_pydict()['row'],
    rows.where(col('x') < 0).to_pydict()['row'],
    rows.join(daft.from_pydict(zero), on='x').to_pydict()['row'],
    rows.groupby('x').agg(col('row').count()).count_rows(),
)
rows = pl.DataFrame(numbers).with_columns(pl.col('x').round(0))
print(
    rows.filter(pl.col('x') == 0)['row'].to_list(),
    rows.filter(pl.col('x') < 0)['row'].to_list(),
    rows.join(pl.DataFrame(zero), on='x')['row'].to_list(),
    rows.group_by('x').len().height,
)
table = "from (select row, round(x) as x from (values (1, 0.2::double), (2, -0.2::double), (3, 1.2::double)) as rows(row, x))"
ask = lambda query: [row for row, in duckdb.sql(query).fetchall()]
print(
    ask(f'select row {table} where x = 0 order by row'),
    ask(f'select row {table} where x < 0'),
    ask(f'select row {table} join (select 0::double as x) using (x) order by row'),
    len(ask(f'select x {table} group by x')),
)
PY
python -W ignore zeros.py >seen
expect 'Daft: rows that are 0, below 0, joined with 0; groups' "$(sed -n 1p seen)" '[1] [2] [1] 3'
expect 'Polars' "$(sed -n 2p seen)" '[1, 2] [] [1, 2] 2'
expect 'DuckDB' "$(sed -n 3p seen)" '[1, 2] [] [1, 2] 2'
