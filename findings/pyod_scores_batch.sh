#!/usr/bin/env bash
# pyod 3.6.7's fitted `ECOD` and `COPOD` rank new rows among the training rows and one another: one outlier is found alone, and 500 times the same outlier not
# once. `COF`, `SOD` and `LMDD` look at the new rows alone: their answers are the same whatever they were fitted to, but for the threshold, so that a model of
# numbers about 0 scores rows about 6 as one that was fitted to those. `HBOS`, as most of pyod's, scores a row as itself.
# Guess: `decision_function`, which "predicts the raw anomaly score of X using the fitted detector", scores a row by what it was fitted to.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pyod==3.6.7 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
cat >scores.py <<'PY'
import numpy as np
from pyod.models.cof import COF
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.hbos import HBOS
from pyod.models.lmdd import LMDD
from pyod.models.sod import SOD

random = np.random.default_rng(0)
train = random.normal(size=(200, 3))
outlier = np.array([[6.0, 6.0, 6.0]])
for model in HBOS(), ECOD(), COPOD():
    model.fit(train)
    print(type(model).__name__, model.predict(outlier).sum(), model.predict(np.repeat(outlier, 500, axis=0)).sum(), end='; ')
print()
rows = random.normal(6, 1, size=(50, 3))
for make in HBOS, COF, SOD, lambda: LMDD(random_state=0):
    models = make().fit(train), make().fit(train + 6)
    print(type(models[0]).__name__, np.allclose(*(model.decision_function(rows) for model in models)), end='; ')
PY
python -W ignore scores.py >seen
expect 'outliers found of 1 and of 500' "$(sed -n 1p seen)" 'HBOS 1 500; ECOD 1 0; COPOD 1 0; '
expect 'same scores when fitted to numbers about 0 and about 6' "$(sed -n 2p seen)" 'HBOS False; COF True; SOD True; LMDD True; '
