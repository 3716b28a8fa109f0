#!/usr/bin/env bash
# Dask 2026.8.0's `mean` of float16, in which embeddings and pixels are kept, adds up and counts in float16: the mean of 1000 pixels between 0 and 255 is inf,
# and that of 100,000 ones NaN, as both their sum and their number are inf. NumPy's `mean` adds float16 up in float32, as its documentation tells: 131.6 and 1.
# Guess: as NumPy's, chunk by chunk.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dask[array]==2026.8.0' numpy==2.4.6
cat >mean.py <<'PY'
import warnings

import dask.array as da
import numpy as np

warnings.simplefilter('ignore')
random = np.random.default_rng(0)
for name, x in ('pixels', random.integers(0, 256, 1000)), ('near 1', random.normal(1, 0.1, 100_000)), ('ones', np.ones(100_000)), ('5000 ones', np.ones(5000)):
    x = x.astype('float16')
    parted = da.from_array(x, chunks=len(x) // 10)
    results = x.mean(), parted.mean().compute(), parted.astype('float32').mean().compute()
    print(name, *(f'{float(result):.4g}' for result in results), end='; ')
PY
python mean.py >seen
expect 'mean of NumPy, of Dask, and of Dask as float32' "$(cat seen)" \
    'pixels 131.6 inf 131.6; near 1 1 nan 0.9999; ones 1 nan 1; 5000 ones 1 1 1; '
