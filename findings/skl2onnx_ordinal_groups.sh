#!/usr/bin/env bash
# skl2onnx 1.20.0 converts scikit-learn 1.9.1's `OrdinalEncoder` with `max_categories` (or `min_frequency`) so that all columns of a matrix are grouped by
# which categories are infrequent in its first column. The first column is encoded as before, every other one by the wrong groups, without a word.
# Guess: each column has the groups that were learned of it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >groups.py <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.preprocessing import OrdinalEncoder

# 0 is frequent in the first column, 2 in the second; the others share a code.
x = np.array([[0, 2]] * 8 + [[1, 1], [2, 0]], np.float32)
for options in ({'max_categories': 2}, {'min_frequency': 3}):
    encoder = OrdinalEncoder(**options).fit(x)
    session = onnxruntime.InferenceSession(to_onnx(encoder, x[:1]).SerializeToString(), providers=['CPUExecutionProvider'])
    for codes in (encoder.transform(x), session.run(None, {'X': x})[0]):
        print(codes[-3:].astype(int).tolist(), end=' ')
PY
expect 'codes of (0, 2), (1, 1), (2, 0) by scikit-learn and converted, for each option' "$(python -W ignore groups.py)" \
    '[[0, 0], [1, 1], [1, 1]] [[0, 1], [1, 1], [1, 0]] [[0, 0], [1, 1], [1, 1]] [[0, 1], [1, 1], [1, 0]] '
