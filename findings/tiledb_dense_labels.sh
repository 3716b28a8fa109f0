#!/usr/bin/env bash
# tiledb 0.36.1's `from_pandas` makes the array's domain of the least and greatest label of a data frame's index and then writes the rows from 0 on,
# whatever their labels are: a frame sorted by another column, whose labels are 2, 0 and 1, comes back with its first row as 0, so that label 2 is another
# row; every second row of six, 0, 2 and 4, comes back as 0, 1 and 2. An index of 1 to 3 is refused, and `sparse=True` keeps the labels. Guess: what is
# asked for by a label is the row of that label, as the domain has them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages tiledb==0.36.1 pandas==2.3.3 numpy==2.4.6 pyarrow==26.0.1
cat >labels.py <<'PY'
import pandas as pd
import tiledb

rows = pd.DataFrame({'name': ['a', 'b', 'c', 'd', 'e', 'f'], 'price': [30, 40, 10, 20, 60, 50]})
for name, frame in (('sorted', rows[:3].sort_values('price')), ('filtered', rows[::2])):
    for sparse in (False, True):
        uri = f'{name}-{sparse}'
        tiledb.from_pandas(uri, frame, sparse=sparse)
        print(name, sparse, frame['name'].to_dict(), tiledb.open_dataframe(uri)['name'].to_dict())
print(rows['name'][2], tiledb.open('sorted-False').df[2]['name'].tolist()[0], tiledb.open('sorted-True').df[2]['name'].tolist()[0])
try:
    tiledb.from_pandas('behind', rows[1:4])
except IndexError:
    print('1 to 3 is refused')
PY
python -W ignore labels.py >seen
expect 'frame, sparse; given, read' "$(head -n 4 seen)" "sorted False {2: 'c', 0: 'a', 1: 'b'} {0: 'c', 1: 'a', 2: 'b'}
sorted True {2: 'c', 0: 'a', 1: 'b'} {0: 'a', 1: 'b', 2: 'c'}
filtered False {0: 'a', 2: 'c', 4: 'e'} {0: 'a', 1: 'c', 2: 'e'}
filtered True {0: 'a', 2: 'c', 4: 'e'} {0: 'a', 2: 'c', 4: 'e'}"
expect 'row of label 2: frame, dense, sparse' "$(sed -n 5p seen)" 'c b c'
expect 'labels that do not begin at 0' "$(sed -n 6p seen)" '1 to 3 is refused'
