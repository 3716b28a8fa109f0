#!/usr/bin/env bash
# awkward 2.14.0 reads integers of JSON between 2**63 and 2**64 as negative ones: an identifier 10000000000000000000 is -8446744073709551616, also of lines
# of JSON and among floats, and 18446744073709551615, as hashes are, is -1; greater ones are floats, and so are they all by a schema of `number`. What it
# writes itself of unsigned integers comes back so. Guess: unsigned integers, floats as pandas and NumPy make, or refused as Python's 2**63 is by
# `awkward.Array`.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages awkward==2.14.0 numpy==2.4.6
cat >integers.py <<'PY'
import awkward
import numpy as np

print(awkward.from_json('[{"id": 10000000000000000000}, {"id": 18446744073709551615}]')['id'].to_list())
print(awkward.from_json('{"id": 7}\n{"id": 10000000000000000000}', line_delimited=True)['id'].to_list())
print(awkward.from_json('[0.5, 10000000000000000000]').to_list(), awkward.from_json('[0.5, 100000000000000000000]').to_list())
hashes = awkward.Array(np.array([2**64 - 2], 'uint64'))
print(hashes.to_list(), awkward.from_json(awkward.to_json(hashes)).to_list())
PY
python integers.py >seen
expect 'in records' "$(sed -n 1p seen)" '[-8446744073709551616, -1]'
expect 'in lines' "$(sed -n 2p seen)" '[7, -8446744073709551616]'
expect 'among floats' "$(sed -n 3p seen)" '[0.5, -8.446744073709552e+18] [0.5, 1e+20]'
expect 'unsigned ones, written and read' "$(sed -n 4p seen)" '[18446744073709551614] [-2]'
