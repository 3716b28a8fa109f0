#!/usr/bin/env bash
# skl2onnx 1.20.0 converts the isotonic calibration of scikit-learn 1.9.1's `CalibratedClassifierCV` into one that gives each score the probability of the nearest
# score that the calibration was fitted at; scikit-learn draws a line between the two. So what rises from row to row becomes steps, and probabilities on
# either side of a threshold become one. Guess: the calibration is the same function.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >isotonic.py <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import LinearSVC

x = np.arange(-6, 6, dtype=np.float32).reshape(-1, 1)
y = (x.ravel() > 0).astype(int)
calibrated = CalibratedClassifierCV(LinearSVC(random_state=0), method='isotonic', cv=3).fit(x, y)
session = onnxruntime.InferenceSession(
    to_onnx(calibrated, x[:1], options={'zipmap': False}).SerializeToString(), providers=['CPUExecutionProvider'])
asked = np.array([[0.1], [0.2], [0.3], [0.4], [0.6], [0.7], [0.8], [0.9]], np.float32)
for answers in (calibrated.predict_proba(asked), session.run(None, {'X': asked})[1]):
    print([round(float(value), 2) for value in answers[:, 1]])
PY
expect 'probabilities by scikit-learn and converted' "$(python -W ignore isotonic.py | tr '\n' ' ')" \
    '[0.46, 0.48, 0.5, 0.53, 0.57, 0.6, 0.62, 0.64] [0.67, 0.67, 0.67, 0.67, 0.67, 0.67, 0.67, 0.67] '
