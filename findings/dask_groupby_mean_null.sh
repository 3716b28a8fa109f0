#!/usr/bin/env bash
# Dask 2026.8.0's `groupby(...).mean()`, `std()` and `var()` have a group of the rows without a key, which `sum`, `count`, `size`, `min` and `median` leave out,
# as pandas does; `agg('mean')` leaves it out, too, and so do all with `dropna=True`, which pandas has if nothing is said. Guess: all aggregates of one frame
# have the same groups.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[dataframe]==2026.8.0' pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1
cat >groups.py <<'PY'
import dask
import dask.dataframe as dd
import pandas as pd

dask.config.set(scheduler='sync')
frame = pd.DataFrame({'city': ['x', 'x', None, 'y', None], 'sold': [1.0, 2, 3, 4, 5]})
parted = dd.from_pandas(frame, npartitions=2)
for options in {}, {'dropna': True}:
    for name in 'mean', 'std', 'var', 'sum', 'count', 'size', 'min', 'median':
        print(name, len(getattr(parted.groupby('city', **options)['sold'], name)().compute()), end='; ')
    print()
print(len(parted.groupby('city')['sold'].agg('mean').compute()), len(frame.groupby('city')['sold'].mean()))
PY
python -W ignore groups.py >seen
expect 'groups of the cities x, y and none' "$(sed -n 1p seen)" 'mean 3; std 3; var 3; sum 2; count 2; size 2; min 2; median 2; '
expect 'with dropna=True' "$(sed -n 2p seen)" 'mean 2; std 2; var 2; sum 2; count 2; size 2; min 2; median 2; '
expect "by agg('mean'), and of pandas' mean" "$(sed -n 3p seen)" '2 2'
