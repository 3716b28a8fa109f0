#!/usr/bin/env bash
# tsfresh 0.21.2 calculates features of a column of integers in the type of the column: the root mean square of six samples of 16 bits from 15000 to 20000, as
# recordings and sensors have them, is 24.2 for 17583.1, the energy of readings of 32 bits around 175000 is 0.4 % of what it is, and counts of 8 bits that fall
# by 10 a step rise by 41.2 in the mean. Nothing is told, the features are floats. Guess: features of numbers are those of the same numbers as floats, as the
# 64-bit integers' are here.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages tsfresh==0.21.2 pandas==3.0.6 numpy==2.3.5
cat >features.py <<'PY'
import numpy as np
import pandas as pd
from tsfresh import extract_features

asked = {'root_mean_square': None, 'abs_energy': None, 'mean_change': None, 'mean_abs_change': None, 'c3': [{'lag': 1}]}
steps = np.array([200, 190, 180, 170, 160, 150])
for kind, factor in (('int16', 100), ('int32', 1000), ('uint8', 1), ('int64', 1000)):
    rows = pd.DataFrame({'id': 1, 'time': range(6), 'x': (steps * factor).astype(kind)})
    for rows in (rows, rows.astype({'x': float})):
        features = extract_features(
            rows, column_id='id', column_sort='time', default_fc_parameters=asked, n_jobs=0, disable_progressbar=True
        )
        print(rows['x'].dtype, *(f'{feature:g}' for feature in features.iloc[0]))
PY
python -W ignore features.py >seen
expect 'root mean square, energy, mean change, mean absolute change, c3' "$(cat seen)" 'int16 24.2212 3520 -1000 1000 6912
float64 17583.1 1.855e+09 -1000 1000 5.4075e+12
int32 11664.8 8.16406e+08 -10000 10000 -1.90876e+08
float64 175831 1.855e+11 -10000 10000 5.4075e+15
uint8 10.5515 156 41.2 246 140
float64 175.831 185500 -10 10 5.4075e+06
int64 175831 1.855e+11 -10000 10000 5.4075e+15
float64 175831 1.855e+11 -10000 10000 5.4075e+15'
