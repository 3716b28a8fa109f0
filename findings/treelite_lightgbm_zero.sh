#!/usr/bin/env bash
# treelite 4.8.1 reads a LightGBM 4.7.0 model that was trained with `zero_as_missing` and answers otherwise for every row with a zero that matters: LightGBM sends
# zeros where the split says that missing values go, treelite compares them with the threshold. Only NaN is missing to it, and it says nothing.
# Guess: what its frontend cannot represent it refuses, as it does linear trees.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages treelite==4.8.1 lightgbm==4.7.0 numpy==2.4.6 scipy==1.17.1
cat >zero.py <<'PY'
import lightgbm
import numpy as np
import treelite

x = np.array([[-2], [-1], [0], [1], [2]] * 20, np.float64)
y = np.where(x.ravel() == 0, 10, x.ravel())
for zero in (False, True):
    booster = lightgbm.train({'zero_as_missing': zero, 'min_data_in_leaf': 1, 'verbose': -1, 'num_threads': 1}, lightgbm.Dataset(x, y), 60)
    model = treelite.frontend.from_lightgbm(booster)
    print(zero, booster.predict(x[:5]).round().astype(int).tolist(), treelite.gtil.predict(model, x[:5]).ravel().round().astype(int).tolist(), end='; ')
try:
    treelite.frontend.from_lightgbm(lightgbm.train({'linear_tree': True, 'min_data_in_leaf': 1, 'verbose': -1}, lightgbm.Dataset(x, y), 1))
except treelite.TreeliteError as error:
    print('linear_tree refused')
PY
expect 'zero_as_missing, -2 to 2 by LightGBM, by treelite' "$(python -W ignore zero.py)" \
    'False [-2, -1, 10, 1, 2] [-2, -1, 10, 1, 2]; True [-2, -1, 10, 1, 2] [-2, -1, -1, 1, 2]; linear_tree refused'
