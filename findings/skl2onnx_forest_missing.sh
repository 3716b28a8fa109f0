#!/usr/bin/env bash
# skl2onnx 1.20.0 and scikit-learn 1.9.1: forests and trees that were trained on missing values convert without a word, and the model answers otherwise wherever
# a value is missing: the learned direction is not in the file, and missing values always go right. Guess: it is there as `nodes_missing_value_tracks_true`,
# which ONNX has for that, or the conversion is refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6
cat >missing.py <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestRegressor

rng = np.random.default_rng(0)
rows = rng.normal(size=(500, 3)).astype(np.float32)
target = np.where(rows[:, 0] > 0, 1.0, -1.0) + rows[:, 1]
rows[rng.random(500) < 0.3, 0] = np.nan
forest = RandomForestRegressor(20, random_state=0).fit(rows, target)
session = onnxruntime.InferenceSession(to_onnx(forest, rows[:1]).SerializeToString(), providers=['CPUExecutionProvider'])
off = np.abs(session.run(None, {'X': rows})[0].ravel() - forest.predict(rows)) > 1e-4
missing = np.isnan(rows[:, 0])
print(bool(off[missing].mean() > 0.5), int(off[~missing].sum()), end='')
PY
expect 'more than half of the rows with a missing value differ; rows without one that differ' "$(python missing.py 2>/dev/null)" 'True 0'
