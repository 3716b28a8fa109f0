#!/usr/bin/env bash
# skops 0.16.0 saves the keys of a dictionary as text, and makes True of both booleans when it brings them back, without a word: `class_weight={False: 9, True: 1}` is {True: 1}
# by then, so that the loaded model fitted again answers 0.5 where the saved one answers 0.1, and a step that recodes flags by a mapping loses one of
# them, so that the loaded pipeline labels half of the rows otherwise. Guess: a loaded estimator has the parameters and the answers of the saved one, or saving fails.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skops==0.16.0 scikit-learn==1.9.1 numpy==2.4.6
cat >keys.py <<'PY'
import numpy as np
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer


def recode(rows, points):
    return np.array([[points.get(flag, 0.0) for flag in row] for row in rows.tolist()])


def again(model):
    data = skops.io.dumps(model)
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))


rows, label = np.zeros((100, 1)), np.array([False, True] * 50)
saved = LogisticRegression(class_weight={False: 9, True: 1}).fit(rows, label)
loaded = again(saved)
print(loaded.class_weight, *(round(model.fit(rows, label).predict_proba(rows)[0, 1], 2) for model in (saved, loaded)))
flags = np.array([[False], [True]] * 50)
saved = make_pipeline(FunctionTransformer(recode, kw_args={'points': {False: 2.0, True: 1.0}}), LogisticRegression()).fit(flags, label)
loaded = again(saved)
print(loaded[0].kw_args, *((model.predict(flags) == label).mean() for model in (saved, loaded)))
PY
python -W ignore keys.py >seen
expect 'loaded weights, answers of the saved and the loaded model, fitted again' "$(sed -n 1p seen)" '{True: 1} 0.1 0.5'
expect 'loaded mapping, rows that the saved and the loaded pipeline label right' "$(sed -n 2p seen)" "{'points': {True: 1.0}} 1.0 0.5"
