#!/usr/bin/env bash
# pointblank 1.1.1's `get_sundered_data('pass')` of a Polars data frame or a DuckDB table contains rows with null that `col_vals_in_set` has failed and counted as failed; of a
# pandas data frame it does not. And NaN passes `col_vals_gt('size', 0)` in DuckDB, so that all rows pass, where it fails in Polars and pandas.
# Guess: what passed has the rows that were counted as passed, and a column has one verdict wherever it is.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pointblank==1.1.1 'ibis-framework[duckdb,polars]==12.0.0' sqlglot==28.10.1 duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1 pandas==3.1.1
cat >passed.py <<'PY'
import ibis
import pointblank
import polars as pl

rows = pl.DataFrame({'colour': ['red', None, 'blue', 'grey'], 'size': [1.0, 2.0, float('nan'), 3.0]})
for name, data in ('pandas', rows.to_pandas()), ('polars', rows), ('duckdb', ibis.duckdb.connect().create_table('rows', rows.to_arrow())):
    checked = pointblank.Validate(data).col_vals_in_set('colour', ['red', 'blue']).interrogate()
    passed = checked.get_sundered_data('pass')
    kept = len(passed.execute() if name == 'duckdb' else passed)
    sizes = pointblank.Validate(data).col_vals_gt('size', 0).interrogate()
    print(name, checked.n_passed(i=1, scalar=True), kept, sizes.n_passed(i=1, scalar=True), sizes.all_passed(), end='; ')
PY
expect 'colours that pass, rows that are said to have passed, sizes that pass, all' "$(python -W ignore passed.py)" \
    'pandas 2 2 3 False; polars 2 3 3 False; duckdb 2 3 4 True; '
