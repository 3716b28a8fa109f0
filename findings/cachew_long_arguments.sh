#!/usr/bin/env bash
# cachew 0.21.20250823 compares the arguments of a call by what they look like printed, which is cut in the middle for long arrays, data frames and series:
# the sum of 10,001 numbers whose 5,000th is 1 is handed out as 0, that of as many zeros, and so for pandas and Polars. Short ones that print alike, as 1
# and '1' or integers of 32 and 64 bits in a frame, are one too. Guess: arguments that differ call the function, as with joblib.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages cachew==0.21.20250823 orjson==3.13.0 joblib==1.6.0 numpy==2.4.6 pandas==3.1.1 polars==2.1.0
cat >arguments.py <<'PY'
from typing import Iterator

import joblib
import numpy as np
import pandas as pd
import polars as pl
from cachew import cachew

zeros, one = np.zeros(10001), np.zeros(10001)
one[5000] = 1
frame = lambda kind: pd.DataFrame({'x': pd.Series(kind, dtype=object)})
asked = {
    'array': (lambda x: float(x.sum()), zeros, one),
    'pandas': (lambda x: float(x['x'].sum()), pd.DataFrame({'x': zeros}), pd.DataFrame({'x': one})),
    'polars': (lambda x: x['x'].sum(), pl.DataFrame({'x': zeros}), pl.DataFrame({'x': one})),
    'text': (lambda x: type(x['x'][0]).__name__, frame([1]), frame(['1'])),
}
for name, (function, first, second) in asked.items():

    def rows(x) -> Iterator[str]:
        yield str(function(x))

    cached, other = cachew(f'{name}-cachew')(rows), joblib.Memory(f'{name}-joblib', verbose=0).cache(function)
    list(cached(first)), other(first)
    print(name, function(second), *cached(second), other(second))
PY
python -W ignore arguments.py 2>/dev/null >seen
expect 'without a cache, cachew, joblib' "$(cat seen)" 'array 1.0 0.0 1.0
pandas 1.0 0.0 1.0
polars 1.0 0.0 1.0
text str int str'
