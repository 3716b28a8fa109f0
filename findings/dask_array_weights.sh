#!/usr/bin/env bash
# Dask 2026.8.0's `average` multiplies integers of 8 bits by their weights as they are: the mean of 120 and 240 with the weights 100 and 200 is 200 to NumPy,
# and 1.17 in Dask arrays of uint8, below both numbers, and that of 60 and 120 as int8 is -0.69. `linalg.norm` squares them as they are, too: 8 for the norm of
# 120 and 240, which is 268.3. Guess: as NumPy's functions, whose names and documentation they have.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[array]==2026.8.0' numpy==2.4.6
cat >average.py <<'PY'
import warnings

import dask.array as da
import numpy as np

warnings.simplefilter('ignore')
for kind, numbers, weights in ('uint8', [120, 240], [100, 200]), ('int8', [60, 120], [50, 100]), ('int64', [120, 240], [100, 200]):
    x, w = np.array(numbers, kind), np.array(weights, kind)
    parted = da.from_array(x, chunks=1), da.from_array(w, chunks=1)
    results = np.average(x, weights=w), da.average(parted[0], weights=parted[1]).compute(), np.linalg.norm(x), da.linalg.norm(parted[0]).compute()
    print(kind, *(f'{result:.4g}' for result in results), end='; ')
PY
python average.py >seen
expect 'mean with weights of NumPy and of Dask, norm of NumPy and of Dask' "$(cat seen)" \
    'uint8 200 1.173 268.3 8; int8 100 -0.6933 134.2 8.944; int64 200 200 268.3 268.3; '
