#!/usr/bin/env bash
# skl2onnx 1.20.0 loses what scikit-learn 1.9.1's transformers do with missing values: `PowerTransformer` lets NaN through, converted it answers a
# number; `OrdinalEncoder` lets NaN through, converted it answers -1; imputers with `add_indicator=True` lose the columns of the indicator.
# Guess: what is converted without a word answers alike, in as many columns.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >missing.py <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import OrdinalEncoder, PowerTransformer

nan = float('nan')
x = np.array([[1, 0], [2, 1], [nan, 1], [4, 0], [9, 1]], np.float32)
for step in (PowerTransformer(), OrdinalEncoder(), SimpleImputer(add_indicator=True), KNNImputer(n_neighbors=1, add_indicator=True)):
    step.fit(x)
    session = onnxruntime.InferenceSession(to_onnx(step, x[:1]).SerializeToString(), providers=['CPUExecutionProvider'])
    print(type(step).__name__)
    for rows in (step.transform(x[2:3]), session.run(None, {'X': x[2:3]})[0]):
        print([round(float(value), 3) for value in rows[0]])
PY
expect 'a row with NaN by scikit-learn and converted' "$(python -W ignore missing.py | tr '\n' ' ')" \
    'PowerTransformer [nan, 0.816] [-3.0, 0.816] OrdinalEncoder [nan, 1.0] [-1.0, 1.0] SimpleImputer [4.0, 1.0, 1.0] [4.0, 1.0] KNNImputer [2.0, 1.0, 1.0] [2.0, 1.0] '
