#!/usr/bin/env bash
# awkward 2.14.0's `max` and `min` of rows pass over NaN, as its `nanmax` does, and of a whole array they are NaN, as NumPy's are: the greatest of [1, NaN,
# 3] in a row is 3, and of the same numbers without rows NaN. `argmax` says where NaN is if it comes first, and else passes over it, so that it names
# another number than `max` by the order. `sum` is NaN. Guess: NaN, as in NumPy, whose functions it extends, or at least the same with rows and without.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages awkward==2.14.0 numpy==2.4.6
cat >greatest.py <<'PY'
import awkward
import numpy as np

nan = float('nan')
for numbers in ([1, nan, 3], [nan, 1, 3]):
    rows, flat = awkward.Array([numbers]), awkward.Array(numbers)
    for name in ('max', 'min', 'argmax', 'nanmax', 'sum'):
        ask = getattr(awkward, name)
        numpy = getattr(np, name)(np.array([numbers]), axis=1)
        print(name, numbers, ask(rows, axis=1).to_list()[0], ask(flat), numpy[0])
PY
python -W ignore greatest.py >seen
expect 'of a row, of all, of a row by NumPy' "$(cat seen)" 'max [1, nan, 3] 3.0 nan nan
min [1, nan, 3] 1.0 nan nan
argmax [1, nan, 3] 2 2 1
nanmax [1, nan, 3] 3.0 3.0 3.0
sum [1, nan, 3] nan nan nan
max [nan, 1, 3] 3.0 nan nan
min [nan, 1, 3] 1.0 nan nan
argmax [nan, 1, 3] 0 0 0
nanmax [nan, 1, 3] 3.0 3.0 3.0
sum [nan, 1, 3] nan nan nan'
