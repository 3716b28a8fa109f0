#!/usr/bin/env bash
# skl2onnx 1.20.0 converts scikit-learn's Normalizer(norm='max') into an operator that divides by the largest number of a row, and scikit-learn 1.9.1 divides by the
# largest absolute one: with onnxruntime 1.32.0 rows with negative numbers come out otherwise, by sign and by size, without a warning. (onnx 1.23.2's reference
# evaluator does as scikit-learn does, so that a test against it finds nothing.)
# Guessed: what is converted without a word gives the same.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >ask.py <<'PY'
import numpy as np
import onnxruntime
from onnx.reference import ReferenceEvaluator
from skl2onnx import to_onnx
from sklearn.preprocessing import Normalizer

rows = np.array([[4, 2], [2, -4], [-4, -2]], np.float32)
normalizer = Normalizer(norm="max").fit(rows)
model = to_onnx(normalizer, rows)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
asked = {session.get_inputs()[0].name: rows}
for answers in (normalizer.transform(rows), session.run(None, asked)[0], ReferenceEvaluator(model).run(None, asked)[0]):
    print(answers.tolist())
PY
answers=$(python -W ignore ask.py)
expect "scikit-learn's answers to [4, 2], [2, -4], [-4, -2]" "$(sed -n 1p <<<"$answers")" "[[1.0, 0.5], [0.5, -1.0], [-1.0, -0.5]]"
expect "onnxruntime's" "$(sed -n 2p <<<"$answers")" "[[1.0, 0.5], [1.0, -2.0], [2.0, 1.0]]"
expect "those of onnx's reference" "$(sed -n 3p <<<"$answers")" "[[1.0, 0.5], [0.5, -1.0], [-1.0, -0.5]]"
