#!/usr/bin/env bash
# Daft 0.7.26's `mean` of 64-bit integers divides a sum of 64 bits, which wraps: the mean of ten times of May 2024 as nanoseconds is -1.3e17, in 1965, though
# the least of them is 1.7e18; and their `stddev` is 0 where it is 2.87 s. pandas, NumPy, Polars and DuckDB have the mean of the numbers. Guess: a mean is
# between the least and the greatest number; it is a float, and a sum on the way to it need not be a whole number.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages daft==0.7.26 pyarrow==25.0.1 numpy==2.4.6 polars==2.1.0 duckdb==2.0.1 pandas==3.1.1
cat >mean.py <<'PY'
import daft
import duckdb
import numpy as np
import pandas as pd
import polars as pl
from daft import col

times = {'x': [1714979289_000000000 + second * 1_000_000_000 for second in range(10)]}
result = daft.from_pydict(times).agg(col('x').mean().alias('mean'), col('x').stddev().alias('deviation'), col('x').min().alias('least')).to_pydict()
print(*(f'{result[name][0]:.6g}' for name in ('mean', 'deviation', 'least')))
frame = pd.DataFrame(times)
means = frame['x'].mean(), np.mean(times['x']), pl.DataFrame(times)['x'].mean(), duckdb.sql('select avg(x) from frame').fetchall()[0][0]
print(*(f'{mean:.6g}' for mean in means), f'{frame["x"].std(ddof=0):.6g}')
PY
python -W ignore mean.py >seen
expect 'mean, deviation and least number' "$(sed -n 1p seen)" '-1.29695e+17 0 1.71498e+18'
expect 'means of pandas, NumPy, Polars and DuckDB, and the deviation' "$(sed -n 2p seen)" '1.71498e+18 1.71498e+18 1.71498e+18 1.71498e+18 2.87228e+09'
