#!/usr/bin/env bash
# Dask 2026.8.0's `dot`, `@` and `einsum` of booleans and of integers of 8 bits answer by how the arrays are parted: whether two rows of flags share one is
# True in NumPy, and 8 or 3 in Dask, the number of chunks in which they do; a product of uint8 is 80 in NumPy, as it wraps, and in Dask a sum of wrapped ones,
# 1104 in chunks of 7 numbers and 336 in chunks of 20. Guess: the chunks are seen in time and memory alone.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[array]==2026.8.0' numpy==2.4.6
cat >dot.py <<'PY'
import dask.array as da
import numpy as np

numbers = np.random.default_rng(0).integers(0, 100, 60)
for x in numbers % 3 == 0, (numbers * 2).astype('uint8'), numbers:
    print(x.dtype, x @ x, end=' ')
    for chunks in 7, 20, 60:
        parted = da.from_array(x, chunks=chunks)
        print((parted @ parted).compute(), da.einsum('i,i', parted, parted).compute(), end=' ')
    print(end='; ')
parted = da.from_array(numbers.reshape(6, 10) % 3 == 0, chunks=(6, 2))
print((parted @ parted.T).compute()[0].tolist(), end='; ')
PY
python dot.py >seen
expect 'of NumPy, then dot and einsum in chunks of 7, 20 and 60; shared flags of rows' "$(cat seen)" 'bool True 8 8 3 3 True 1 ; '\
'uint8 80 1104 1104 336 336 80 80 ; int64 202900 202900 202900 202900 202900 202900 202900 ; [4, 1, 3, 1, 2, 0]; '
