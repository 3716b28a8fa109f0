#!/usr/bin/env bash
# onnxmltools 1.16.0 and xgboost 3.2.0: models of the objective `reg:logistic`, and of several classes with several trees a round, convert without a word and
# answer otherwise on nearly every row: margins instead of probabilities, and the trees of one round spread over the classes. Guess: as `binary:logistic`, which
# converts rightly, or a refusal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnxmltools==1.16.0 skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 xgboost-cpu==3.2.0 scikit-learn==1.9.1 numpy==2.4.6
cat >objectives.py <<'PY'
import numpy as np
import onnxruntime
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from xgboost import XGBClassifier, XGBRegressor

rng = np.random.default_rng(0)
rows = rng.normal(size=(400, 4)).astype(np.float32)
signal = rows[:, 0] + rows[:, 1] * rows[:, 2]
binary, three = (signal > 0).astype(int), np.digitize(signal, [-0.5, 0.5])
few = {'n_estimators': 10, 'max_depth': 3, 'random_state': 0}
models = {
    'binary:logistic': XGBClassifier(**few).fit(rows, binary),
    'reg:logistic': XGBRegressor(objective='reg:logistic', **few).fit(rows, binary),
    'parallel trees': XGBClassifier(num_parallel_tree=3, subsample=0.5, **few).fit(rows, three),
}
for name, model in models.items():
    converted = convert_xgboost(model, initial_types=[('X', FloatTensorType([None, 4]))])
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=['CPUExecutionProvider'])
    answer = session.run(None, {'X': rows})[-1]
    expected = model.predict_proba(rows) if hasattr(model, 'predict_proba') else model.predict(rows)
    if isinstance(answer, list):
        answer = np.array([list(row.values()) for row in answer])
    off = np.abs(np.reshape(answer, expected.shape) - expected) > 1e-4
    print(name, 'right' if not off.any() else 'wrong on most rows' if off.reshape(400, -1).any(axis=1).mean() > 0.9 else 'wrong', sep=': ', end='; ')
PY
expect 'against XGBoost' "$(python objectives.py 2>/dev/null)" \
    'binary:logistic: right; reg:logistic: wrong on most rows; parallel trees: wrong on most rows; '
