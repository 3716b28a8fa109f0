#!/usr/bin/env bash
# skl2onnx 1.20.0 converts scikit-learn 1.9.1's `SGDClassifier(loss='modified_huber')` with three classes or more so that its label is the first class of the greatest
# probability. This loss's probabilities are cut at 0 and 1, so several are often equal; scikit-learn takes the label from the scores that they were made of.
# Probabilities are the same, labels are not. Guess: labels are those of the classifier.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >labels.py <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

x, y = load_iris(return_X_y=True)
x = StandardScaler().fit_transform(x).astype(np.float32)
model = SGDClassifier(loss='modified_huber', random_state=0).fit(x, y)
session = onnxruntime.InferenceSession(to_onnx(model, x[:1], options={'zipmap': False}).SerializeToString(), providers=['CPUExecutionProvider'])
labels, probabilities = session.run(None, {'X': x})
own = model.predict(x)
close = np.allclose(probabilities, model.predict_proba(x), atol=1e-4)
print(f'same probabilities {close}; right by scikit-learn {(own == y).sum()}, converted {(labels == y).sum()} of {len(y)}')
PY
expect 'iris' "$(python -W ignore labels.py)" 'same probabilities True; right by scikit-learn 141, converted 104 of 150'
