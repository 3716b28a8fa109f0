#!/usr/bin/env bash
# scikit-learn 1.9.1: `median_absolute_error` and `max_error` subtract integers of 8 bits as they are, so that differences wrap: of four
# pixels the median error is 83 rather than 175, and the largest 250 rather than 255; of 8 signed bits the largest is 56 where one is 255. `mean_absolute_error`, `mean_squared_error` and `r2_score`
# of the same arrays are right. Guess: either all of them make floats of what they are given, or none.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
cat >errors.py <<'PY'
import numpy as np
from sklearn import metrics

pixels = np.array([0, 250, 10, 200]), np.array([255, 0, 20, 100])
signed = np.array([-128, 127, 0, 100]), np.array([127, -128, 5, -100])
for name in ('median_absolute_error', 'max_error', 'mean_absolute_error', 'mean_squared_error', 'r2_score'):
    measure = getattr(metrics, name)
    for kind, (true, predicted) in (('uint8', pixels), ('int8', signed)):
        print(name, kind, *(round(float(measure(true.astype(type), predicted.astype(type))), 3) for type in (kind, 'float64')))
PY
python -W ignore errors.py >seen
expect 'of integers, of floats: the median' "$(sed -n 1,2p seen)" 'median_absolute_error uint8 83.0 175.0
median_absolute_error int8 3.0 227.5'
expect 'the largest' "$(sed -n 3,4p seen)" 'max_error uint8 250.0 255.0
max_error int8 56.0 255.0'
expect 'the others' "$(sed -n 5,10p seen | awk '{ print $1, $2, ($3 == $4 ? "alike" : "not alike") }')" 'mean_absolute_error uint8 alike
mean_absolute_error int8 alike
mean_squared_error uint8 alike
mean_squared_error int8 alike
r2_score uint8 alike
r2_score int8 alike'
