#!/usr/bin/env bash
# Daft 0.7.26 takes the types of the first file, or of the start of a large one, for all rows, and makes fit what comes later without a word: 12.5 in a column
# of whole numbers is null from CSV, and 12 from JSON and Parquet, where it is typed as a float in its own file; a text there is null from all three, and so
# is the 300 of a file with int64 behind one with int8. Guess: values that do not fit are refused, or the type is widened.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages daft==0.7.26 pyarrow==25.0.1 numpy==2.4.6
cat >read.py <<'PY'
import json

import daft
import pyarrow as pa
import pyarrow.parquet as pq

days = {'a': [{'day': 1, 'price': 10}], 'b': [{'day': 2, 'price': 12.5, 'shop': 'x'}], 'c': [{'day': 3, 'price': 'n/a'}]}
for name, rows in days.items():
    with open(f'{name}.csv', 'w') as file:
        file.write('day,price\n' + ''.join(f'{row["day"]},{row["price"]}\n' for row in rows))
    with open(f'{name}.json', 'w') as file:
        file.write(''.join(json.dumps(row) + '\n' for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), f'{name}.parquet')
for kind, read in (('csv', daft.read_csv), ('json', daft.read_json), ('parquet', daft.read_parquet)):
    table = read([f'{name}.{kind}' for name in days]).sort('day').to_pydict()
    print(kind, table['price'], *table, end='; ')
print()
for name, kind, number in (('small', pa.int8(), 3), ('large', pa.int64(), 300)):
    pq.write_table(pa.table({'number': pa.array([number], kind)}), f'{name}.parquet')
print(daft.read_parquet(['small.parquet', 'large.parquet']).to_pydict()['number'])
with open('long.csv', 'w') as file:
    file.write('x\n' + ''.join(f'{row}\n' for row in range(300_000)) + '1.5\nabc\n7\n')
with open('long.json', 'w') as file:
    file.write(''.join(f'{{"x": {row}}}\n' for row in range(300_000)) + '{"x": 1.5}\n{"x": "abc"}\n{"x": 7}\n')
print(daft.read_csv('long.csv').to_pydict()['x'][-4:], daft.read_json('long.json').to_pydict()['x'][-4:])
PY
python -W ignore read.py >seen
expect 'prices of 10, 12.5 and n/a in three files' "$(sed -n 1p seen)" \
    'csv [10, None, None] day price; json [10, 12, None] day price; parquet [10, 12, None] day price; '
expect '3 of int8 and 300 of int64' "$(sed -n 2p seen)" '[3, None]'
expect 'the last rows of CSV and JSON' "$(sed -n 3p seen)" '[299999, None, None, 7] [299999, 1, None, 7]'
