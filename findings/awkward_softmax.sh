#!/usr/bin/env bash
# awkward 2.14.0's `softmax` takes the exponentials of the numbers as they are: of the scores 1000 and 1001 it makes NaN and NaN, of -1000 and -1001 too,
# and of 0.5 and 800 it makes 0 and NaN, where SciPy has 0.27 and 0.73, 0.73 and 0.27, 0 and 1. Scores of float32 are enough above 88. Guess: the greatest
# number of a row is taken off first, by which the answer does not change.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages awkward==2.14.0 numpy==2.4.6 scipy==1.17.1
cat >scores.py <<'PY'
import awkward
import numpy as np
from scipy.special import softmax

for kind, scores in (('float64', [1000, 1001]), ('float64', [-1000, -1001]), ('float64', [0.5, 800]), ('float32', [89, 90]), ('float64', [89, 90])):
    scores = np.array([scores], kind)
    shown = lambda row: [round(float(number), 2) for number in row]
    print(kind, shown(scores[0]), shown(awkward.softmax(awkward.Array(scores), axis=1)[0]), shown(softmax(scores, axis=1)[0]))
PY
python -W ignore scores.py >seen
expect 'scores, awkward, SciPy' "$(cat seen)" 'float64 [1000.0, 1001.0] [nan, nan] [0.27, 0.73]
float64 [-1000.0, -1001.0] [nan, nan] [0.73, 0.27]
float64 [0.5, 800.0] [0.0, nan] [0.0, 1.0]
float32 [89.0, 90.0] [nan, nan] [0.27, 0.73]
float64 [89.0, 90.0] [0.27, 0.73] [0.27, 0.73]'
