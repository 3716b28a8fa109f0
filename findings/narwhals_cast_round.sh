#!/usr/bin/env bash
# narwhals 2.29.0: `cast(Int64)` of 1.7 is 1 of a Polars frame and 2 of a DuckDB relation, and fails of a pyarrow table; so ages, bins and keys differ by what
# holds the data. `round()` of 2.5 is 2 in pandas and Polars 2.1.0, 3 in pyarrow and DuckDB; narwhals' documentation, which tells of a difference there, says
# that Polars rounds to 3. Guess: one expression has one answer, or fails, and a known difference is told as it is.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages narwhals==2.29.0 polars==2.1.0 duckdb==2.0.1 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cat >answers.py <<'PY'
import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

table = pa.table({'row': [0, 1, 2], 'x': [1.7, 2.5, -0.5]})
frames = {'pandas': table.to_pandas(), 'polars': pl.from_arrow(table), 'pyarrow': table, 'duckdb': duckdb.from_arrow(table)}
for name, expression in (('cast', nw.col('x').cast(nw.Int64)), ('round', nw.col('x').round())):
    for kind, frame in frames.items():
        try:
            answer = nw.from_native(frame).with_columns(y=expression).lazy().collect('pyarrow').sort('row')['y'].to_list()
        except pa.ArrowInvalid:
            answer = 'refused'
        print(name, kind, answer)
print(' '.join(line for line in map(str.strip, nw.Expr.round.__doc__.splitlines()) if line.startswith('Polars and Arrow')))
PY
python -W ignore answers.py >seen
expect 'whole numbers of 1.7, 2.5 and -0.5' "$(sed -n 1,4p seen)" 'cast pandas [1, 2, 0]
cast polars [1, 2, 0]
cast pyarrow refused
cast duckdb [2, 2, 0]'
expect 'rounded' "$(sed -n 5,8p seen)" 'round pandas [2.0, 2.0, -0.0]
round polars [2.0, 2.0, -0.0]
round pyarrow [2.0, 3.0, -1.0]
round duckdb [2.0, 3.0, -1.0]'
expect 'what its documentation says' "$(sed -n 9p seen)" 'Polars and Arrow round away from 0 (e.g. -0.5 to -1.0, 0.5 to 1.0, 1.5 to 2.0, 2.5 to 3.0, etc..).'
