#!/usr/bin/env bash
# nanoarrow 0.9.0 reads the decimals, the float16 numbers and the bytes of one length of a slice of an array from the array's first row on: of 1.50, 2.25,
# 3.75 and 4.00 from the fourth on, which is 4.00, it makes all four, and beside nulls it takes the slice's nulls and the array's numbers. Batches of a
# table are such slices: each then has the first one's. Floats, integers and texts of slices are right. Guess: what pyarrow has in the slice.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages nanoarrow==0.9.0 pyarrow==26.0.1 numpy==2.4.6
cat >slices.py <<'PY'
import nanoarrow
import numpy as np
import pyarrow as pa

numbers = [1.5, 2.25, 3.75, 4]
columns = {
    'double': pa.array(numbers),
    'decimal': pa.array(numbers).cast(pa.decimal128(20, 2)),
    'float16': pa.array(np.array(numbers, 'float16')),
    'bytes': pa.array([b'ab', b'cd', b'ef', b'gh'], pa.binary(2)),
}
read = lambda array: [str(value) for value in nanoarrow.Array(array).iter_py()]
for name, column in columns.items():
    print(name, *map(str, column.slice(3).to_pylist()), read(column.slice(3)))
table = pa.table({'price': pa.array([1.5, 2.25, None, 4]).cast(pa.decimal128(20, 2))})
for batch in table.to_batches(max_chunksize=2):
    print(*batch['price'].to_pylist(), read(batch['price']))
PY
python slices.py >seen
expect 'slice of one, and as read' "$(head -n 4 seen)" "double 4.0 ['4.0']
decimal 4.00 ['1.50', '2.25', '3.75', '4.00']
float16 4.0 ['1.5', '2.25', '3.75', '4.0']
bytes b'gh' [\"b'ab'\", \"b'cd'\", \"b'ef'\", \"b'gh'\"]"
expect 'batches' "$(tail -n 2 seen)" "1.50 2.25 ['1.50', '2.25']
None 4.00 ['None', '2.25']"
