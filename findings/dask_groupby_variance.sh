#!/usr/bin/env bash
# Dask 2026.8.0's variance of groups is a difference of sums of squares in the numbers' own type: of 1e10, 1e10 + 10 and 1e10 + 20 it is 3.07e18 where it is
# 100, of the floats 1e9 and 1e9 + 1 it is 0 for 0.5, and of 50 and 100 as int8 it is 0 for 1250, by `agg` even -11290. Without groups, and in pandas, it is
# right. Guess: the variance of a group is computed as that of a column is, about a mean.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[dataframe]==2026.8.0' pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1
cat >variance.py <<'PY'
import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

dask.config.set(scheduler='sync')
for numbers in np.array([10**10, 10**10 + 10, 10**10 + 20]), np.array([1e9, 1e9 + 1]), np.array([50, 100], 'int8'), np.array([50, 100]):
    frame = pd.DataFrame({'group': 'a', 'x': numbers})
    parted = dd.from_pandas(frame, npartitions=2)
    group = parted.groupby('group')['x']
    results = group.var().compute(), group.agg('var').compute(), frame.groupby('group')['x'].var()
    print(numbers.dtype, *(f'{result["a"]:.4g}' for result in results), f'{parted["x"].var().compute():.4g}', end='; ')
PY
python -W ignore variance.py >seen
expect 'by var and by agg of groups, of pandas, and without groups' "$(cat seen)" \
    'int64 3.074e+18 3.074e+18 100 100; float64 0 0 0.5 0.5; int8 0 -1.129e+04 1250 1250; int64 1250 1250 1250 1250; '
