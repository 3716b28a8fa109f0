#!/usr/bin/env bash
# datasketches 5.2.0's sketches that count distinct values take a number that is no Python `float` for an integer, where it can be made one: of 10,000
# different numbers of float32 or Decimal between 0 and 1 they have 1, of ones between 0 and 100 they have 100. The same numbers as floats are about 10,000,
# and what has no type of its own, as a date, is refused. A float16's or float32's 1.5 is then not 1.5, too. Guess: such numbers count as floats.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datasketches==5.2.0 numpy==2.4.6
cat >count.py <<'PY'
from decimal import Decimal

import datasketches
import numpy as np

numbers = np.random.default_rng(0).permutation(10000).astype(np.float32) / 10000
for make in (lambda: datasketches.hll_sketch(12), lambda: datasketches.update_theta_sketch(12), lambda: datasketches.cpc_sketch(12)):
    counts = []
    for values in (numbers, numbers * 100, [Decimal(str(number)) for number in numbers], numbers.tolist()):
        sketch = make()
        for value in values:
            sketch.update(value)
        counts.append(round(sketch.get_estimate(), -3) if sketch.get_estimate() > 1000 else round(sketch.get_estimate()))
    print(type(sketch).__name__, len(set(numbers.tolist())), *map(int, counts))
PY
python count.py >seen
expect 'distinct numbers; float32 up to 1 and up to 100, Decimal, float' "$(cat seen)" 'hll_sketch 10000 1 100 1 10000
update_theta_sketch 10000 1 100 1 10000
cpc_sketch 10000 1 100 1 10000'
