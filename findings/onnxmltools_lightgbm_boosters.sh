#!/usr/bin/env bash
# onnxmltools 1.16.0 and lightgbm 4.7.0: models of the booster `rf` and models with `linear_tree` convert without a word and answer otherwise on nearly every
# row: a hundredth of the sum of the trees, however many there are, instead of their mean, and constants instead of the linear models of the leaves. Guess: as
# `gbdt` without these, which converts rightly but for thresholds rounded to floats, or a refusal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnxmltools==1.16.0 skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 lightgbm==4.7.0 scikit-learn==1.9.1 numpy==2.4.6
cat >boosters.py <<'PY'
import numpy as np
import onnxruntime
from lightgbm import LGBMRegressor
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

rng = np.random.default_rng(0)
rows = rng.normal(size=(400, 4)).astype(np.float32)
target = rows[:, 0] + rows[:, 1] * rows[:, 2]
few = {'n_estimators': 10, 'verbose': -1, 'random_state': 0}
models = {
    'gbdt': LGBMRegressor(**few),
    'rf': LGBMRegressor(boosting_type='rf', subsample=0.6, subsample_freq=1, **few),
    'linear_tree': LGBMRegressor(linear_tree=True, **few),
}
for name, model in models.items():
    model.fit(rows, target)
    converted = convert_lightgbm(model, initial_types=[('X', FloatTensorType([None, 4]))])
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=['CPUExecutionProvider'])
    off = (np.abs(session.run(None, {'X': rows})[0].ravel() - model.predict(rows)) > 1e-4).mean()
    print(name, 'wrong on most rows' if off > 0.9 else 'right on most rows', sep=': ', end='; ')
PY
expect 'against LightGBM' "$(python boosters.py 2>/dev/null)" 'gbdt: right on most rows; rf: wrong on most rows; linear_tree: wrong on most rows; '
