#!/usr/bin/env bash
# Dask 2026.8.0's `groupby(...).idxmax()` and `idxmin()` answer the row of a group's greatest number in its first partition, not in all: with a shop's sales of
# 1, 5 and 3 in three partitions it is the row of the 1, and in one partition that of the 5. `max()` is 5 in both, and `idxmax()` without groups is right.
# Guess: what it answers does not depend on how the rows are parted, as for every other aggregate.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[dataframe]==2026.8.0' pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1
cat >rows.py <<'PY'
import dask
import dask.dataframe as dd
import pandas as pd

dask.config.set(scheduler='sync')
frame = pd.DataFrame({'shop': ['a', 'b'] * 3, 'sold': [1, 9, 5, 2, 3, 4]})
groups = frame.groupby('shop')['sold']
print(groups.idxmax().to_dict(), groups.idxmin().to_dict(), groups.max().to_dict(), frame['sold'].idxmax())
for number in 1, 2, 3:
    parted = dd.from_pandas(frame, npartitions=number)
    groups = parted.groupby('shop')['sold']
    print(*(result.compute().to_dict() for result in (groups.idxmax(), groups.idxmin(), groups.max())), parted['sold'].idxmax().compute())
PY
python -W ignore rows.py >seen
expect 'pandas: rows of the greatest and the least, the greatest, the row of all' "$(sed -n 1p seen)" "{'a': 2, 'b': 1} {'a': 0, 'b': 3} {'a': 5, 'b': 9} 1"
expect 'Dask, one partition' "$(sed -n 2p seen)" "{'a': 2, 'b': 1} {'a': 0, 'b': 3} {'a': 5, 'b': 9} 1"
expect 'two partitions' "$(sed -n 3p seen)" "{'a': 2, 'b': 1} {'a': 0, 'b': 1} {'a': 5, 'b': 9} 1"
expect 'three partitions' "$(sed -n 4p seen)" "{'a': 0, 'b': 1} {'a': 0, 'b': 1} {'a': 5, 'b': 9} 1"
