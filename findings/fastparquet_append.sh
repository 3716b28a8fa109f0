#!/usr/bin/env bash
# fastparquet 2026.9.0: `write(..., append=True)` brings new rows into the columns' types without a look at what is lost: 1.5 becomes 1 in a column of
# integers, and 2**40 becomes 0 in one of 32 bits; and rows whose `partition_on` value is missing are not written. Guess: what does not fit is refused, as
# columns of another name are, and as NaN is; a missing value is a partition of its own, as pyarrow's.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages fastparquet==2026.9.0 pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1
cat >append.py <<'PY'
import fastparquet
import pandas as pd
import pyarrow.dataset as ds


def read(folder):
    return fastparquet.ParquetFile(folder).to_pandas()['x'].tolist()


for number, (kind, name, value) in enumerate([
    ('int64', 'x', 2**40), ('int64', 'x', 1.5), ('int32', 'x', 2**40), ('uint8', 'x', 256), ('int64', 'x', float('nan')), ('int64', 'y', 1),
]):
    folder = f'data{number}'
    fastparquet.write(folder, pd.DataFrame({'x': [7]}).astype(kind), file_scheme='hive')
    try:
        fastparquet.write(folder, pd.DataFrame({name: [value]}), file_scheme='hive', append=True)
        print(kind, name, value, read(folder))
    except (TypeError, ValueError) as error:
        print(kind, name, value, 'refused')
rows = pd.DataFrame({'k': ['a', None, 'b'], 'x': [1, 2, 3]})
fastparquet.write('parted', rows, file_scheme='hive', partition_on=['k'])
rows.to_parquet('parted-by-pyarrow', engine='pyarrow', partition_cols=['k'])
parted = ds.dataset('parted-by-pyarrow', partitioning='hive').to_table()['x'].to_pylist()
print('parted', sorted(read('parted')), sorted(parted))
PY
python -W ignore append.py >seen
expect 'what fits' "$(sed -n 1p seen)" 'int64 x 1099511627776 [7, 1099511627776]'
expect 'what does not' "$(sed -n 2,4p seen)" 'int64 x 1.5 [7, 1]
int32 x 1099511627776 [7, 0]
uint8 x 256 [7, 0]'
expect 'what is refused' "$(sed -n 5,6p seen)" 'int64 x nan refused
int64 y 1 refused'
expect 'parted by fastparquet and by pyarrow' "$(sed -n 7p seen)" 'parted [1, 3] [1, 2, 3]'
