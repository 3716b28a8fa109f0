#!/usr/bin/env bash
# Dask 2026.8.0's `groupby(...).ffill()` fills in what comes later where a group is in two partitions, and leaves out what came before; `bfill()` the other way
# round: the price 8 of the last row is that of the second one, which has none before it, so that the future comes into the past. In more partitions it is other
# rows from run to run. Guess: forwards is from earlier rows to later ones, as in pandas, and as `ffill()` without groups has it over partitions, too.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[dataframe]==2026.8.0' pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1
cat >fill.py <<'PY'
import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

dask.config.set(scheduler='sync')
frame = pd.DataFrame({'shop': ['a', 'b'] * 4, 'price': [1.0, np.nan, np.nan, 4.0, 5.0, np.nan, np.nan, 8.0]})
print('price', frame['price'].tolist())
for name in 'ffill', 'bfill':
    print(name, getattr(frame.groupby('shop')['price'], name)().tolist())
    for number in 1, 2:
        parted = dd.from_pandas(frame, npartitions=number)
        print(number, getattr(parted.groupby('shop')['price'], name)().compute().sort_index().tolist())
    print('no groups', getattr(parted['price'], name)().compute().tolist() == getattr(frame['price'], name)().tolist())
PY
python -W ignore fill.py >seen
expect 'in pandas, in 1 and 2 partitions, and without groups' "$(cat seen)" 'price [1.0, nan, nan, 4.0, 5.0, nan, nan, 8.0]
ffill [1.0, nan, 1.0, 4.0, 5.0, 4.0, 5.0, 8.0]
1 [1.0, nan, 1.0, 4.0, 5.0, 4.0, 5.0, 8.0]
2 [1.0, 8.0, 1.0, 4.0, 5.0, nan, 5.0, 8.0]
no groups True
bfill [1.0, 4.0, 5.0, 4.0, 5.0, 8.0, nan, 8.0]
1 [1.0, 4.0, 5.0, 4.0, 5.0, 8.0, nan, 8.0]
2 [1.0, 4.0, nan, 4.0, 5.0, 8.0, 1.0, 8.0]
no groups True'
