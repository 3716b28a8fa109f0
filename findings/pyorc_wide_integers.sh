#!/usr/bin/env bash
# pyorc 0.12.0 writes integers that a column's type cannot hold, and who reads the file decides what they are: 3000000000 in a column of `int` is 3000000000
# for pyorc and -1294967296 for pyarrow; 70000 in `smallint` is 70000 and 4464. In `tinyint` 300 is 44 for both. What is no integer, as 1.7, and 2**63 in
# `bigint` it refuses. Guess: it refuses those as well, or at least reads what others read.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pyorc==0.12.0 pyarrow==26.0.1
cat >integers.py <<'PY'
import pyarrow.orc
import pyorc

for kind, values in (('tinyint', [7, 300]), ('smallint', [7, 70000]), ('int', [7, 3000000000]), ('bigint', [7, 2**63]), ('int', [7, 1.7])):
    try:
        with open('x.orc', 'wb') as file, pyorc.Writer(file, f'struct<x:{kind}>') as writer:
            for value in values:
                writer.write((value,))
    except TypeError:
        print(kind, values[1], 'refused')
        continue
    with open('x.orc', 'rb') as file:
        read = [row[0] for row in pyorc.Reader(file)]
    print(kind, values[1], read[1], pyarrow.orc.read_table('x.orc')['x'].to_pylist()[1])
PY
python integers.py >seen
expect 'type, value, read by pyorc, by pyarrow' "$(cat seen)" 'tinyint 300 44 44
smallint 70000 70000 4464
int 3000000000 3000000000 -1294967296
bigint 9223372036854775808 refused
int 1.7 refused'
