#!/usr/bin/env bash
# pandas 3.0.6 with pyarrow 26.0.1: `to_parquet` says nothing and loses the nanoseconds of timestamps in a column of objects, and the rows of a table without
# columns; a folder that it parted by a column with a null it cannot read again; whole numbers in structures come back as floats in those groups of rows
# only that have a null. Guess: what is written without a word is read as it was.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pandas==3.0.6 pyarrow==26.0.1
cat >losses.py <<'PY'
import pandas as pd

stamp = pd.Timestamp('2020-01-01 00:00:00.000000001')
pd.DataFrame({'a': pd.Series([stamp], dtype=object)}).to_parquet('a.parquet')
print(stamp.nanosecond, '->', pd.read_parquet('a.parquet')['a'][0].nanosecond, end='; ')
pd.DataFrame(index=range(3)).to_parquet('b.parquet')
print(3, '->', len(pd.read_parquet('b.parquet')), end='; ')
pd.DataFrame({'p': ['a', None], 'x': [1, 2]}).to_parquet('c', partition_cols=['p'])
try:
    print(len(pd.read_parquet('c')), end='; ')
except Exception as error:
    print(error, end='; ')
pd.DataFrame({'s': [{'n': 1}, {'n': None}, {'n': 3}]}).to_parquet('d.parquet', row_group_size=2)
print([one['n'] for one in pd.read_parquet('d.parquet')['s']])
PY
expect 'written and read' "$(python -W ignore losses.py)" \
    '1 -> 0; 3 -> 0; Cannot yet unify dictionaries with nulls; [1.0, None, 3]'
