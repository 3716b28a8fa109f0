#!/usr/bin/env bash
# featuretools 1.31.0's primitive `MaxConsecutiveFalse`, called with a series of booleans, turns True and False round in the series that it got: asked twice,
# it answers 3 and 1, and what comes after counts the wrong ones. `MaxConsecutiveTrue` and `NumTrue` leave the series as it is, and so does `dfs`, which
# hands on copies. Guess: a function that answers a number about a column does not write to it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages featuretools==1.31.0 woodwork==0.31.0 pandas==2.3.3 numpy==2.4.6
cat >flags.py <<'PY'
import pandas as pd
from featuretools.primitives import MaxConsecutiveFalse, MaxConsecutiveTrue, NumTrue

frame = pd.DataFrame({'paid': [True, False, False, False, True]})
print(int(MaxConsecutiveTrue()(frame['paid'])), int(NumTrue()(frame['paid'])), frame['paid'].tolist())
print(int(MaxConsecutiveFalse()(frame['paid'])), int(NumTrue()(frame['paid'])), frame['paid'].tolist())
print(int(MaxConsecutiveFalse()(frame['paid'])), int(NumTrue()(frame['paid'])), frame['paid'].tolist())
PY
python -W ignore flags.py >seen
expect 'MaxConsecutiveTrue, NumTrue, and the column' "$(sed -n 1p seen)" '1 2 [True, False, False, False, True]'
expect 'MaxConsecutiveFalse, NumTrue, and the column' "$(sed -n 2p seen)" '3 3 [False, True, True, True, False]'
expect 'once more' "$(sed -n 3p seen)" '1 2 [True, False, False, False, True]'
