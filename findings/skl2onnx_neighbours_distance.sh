#!/usr/bin/env bash
# skl2onnx 1.20.0 converts scikit-learn 1.9.1's `KNeighborsClassifier` and `KNeighborsRegressor` with `weights='distance'` into models that weigh all
# neighbours alike, as with 'uniform': even a row of the training data gets the mean of its neighbours, where scikit-learn gives back its own value.
# Guess: weights of neighbours are converted, as the converter has code for them, or refused as callables are.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >neighbours.py <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

x = np.array([[0], [1], [3]], np.float32)
asked = np.array([[0.25], [2.5], [1]], np.float32)
models = [
    KNeighborsRegressor(2, weights='distance').fit(x, np.array([0, 10, 40], np.float32)),
    KNeighborsRegressor(2, weights='distance', metric='manhattan').fit(x, np.array([0, 10, 40], np.float32)),
    KNeighborsClassifier(2, weights='distance').fit(x, [0, 1, 1]),
]
for model in models:
    zip_map = {'options': {'zipmap': False}} if hasattr(model, 'predict_proba') else {}
    converted = to_onnx(model, x[:1], **zip_map).SerializeToString()
    answers = onnxruntime.InferenceSession(converted, providers=['CPUExecutionProvider']).run(None, {'X': asked})[-1]
    own = model.predict_proba(asked)[:, 1] if zip_map else model.predict(asked)
    answers = answers[:, 1] if zip_map else answers.ravel()
    print([round(float(value), 3) for value in own], [round(float(value), 3) for value in answers], end='; ')
PY
expect 'scikit-learn, converted' "$(python -W ignore neighbours.py)" \
    '[2.5, 32.5, 10.0] [5.0, 25.0, 5.0]; [2.5, 32.5, 10.0] [5.0, 25.0, 5.0]; [0.25, 1.0, 1.0] [0.5, 1.0, 0.5]; '
