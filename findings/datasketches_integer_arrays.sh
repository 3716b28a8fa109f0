#!/usr/bin/env bash
# datasketches 5.2.0's sketches of quantiles of integers have 32 bits and refuse 1.7 and 2**40, and take both in an array, cut and wrapped: of milliseconds of
# 2024 the least is -1034816389, of 2**40 and 5 it is 0, and 1.7 is 1. No warning tells of it. Guess: an array of what is refused one by one is refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datasketches==5.2.0 numpy==2.4.6
cat >arrays.py <<'PY'
import datasketches
import numpy as np

for kind, size in ((datasketches.kll_ints_sketch, 200), (datasketches.quantiles_ints_sketch, 128), (datasketches.req_ints_sketch, 12)):
    seen = []
    for values in ([1704067200123, 1704067200456], [2**40, 5], [1.7, 2.9]):
        sketch = kind(size)
        sketch.update(np.array(values))
        seen.append((sketch.get_min_value(), sketch.get_max_value()))
    for value in (1704067200123, np.int64(2**40), 1.7):
        try:
            sketch.update(value)
            seen.append('taken')
        except TypeError:
            seen.append('refused')
    print(kind.__name__, *seen)
PY
python -W error arrays.py >seen
expect 'least and greatest of three arrays, and values alone' "$(cat seen)" \
    'kll_ints_sketch (-1034816389, -1034816056) (0, 5) (1, 2) refused refused refused
quantiles_ints_sketch (-1034816389, -1034816056) (0, 5) (1, 2) refused refused refused
req_ints_sketch (-1034816389, -1034816056) (0, 5) (1, 2) refused refused refused'
