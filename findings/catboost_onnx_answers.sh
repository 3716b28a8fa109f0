#!/usr/bin/env bash
# CatBoost 1.2.10's ONNX models answer otherwise than CatBoost: two classes that are integers, -1 and 5, are labelled 0 and 1 (the map of probabilities has their
# names, three classes have theirs); Poisson and Tweedie answer the logarithm of the prediction; MultiClassOneVsAll answers a softmax over the classes instead
# of a probability for each. Guess: a model answers as `predict` and `predict_proba` do.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages catboost==1.2.10 onnxruntime==1.32.0 numpy==2.4.6 pandas==3.0.6
cat >answers.py <<'PY'
import numpy as np
import onnxruntime
from catboost import CatBoostClassifier, CatBoostRegressor

x = np.arange(12, dtype=np.float32).reshape(-1, 1)
asked = x[[0, 11]]
options = dict(iterations=20, depth=2, verbose=0, allow_writing_files=False, thread_count=1)
onnxruntime.set_default_logger_severity(4)


def converted(model):
    model.save_model('model.onnx', format='onnx')
    return onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider']).run(None, {'features': asked})


for classes in ([-1, 5], [10, 20], [-1, 5, 7]):
    model = CatBoostClassifier(**options).fit(x, np.array(classes)[x.ravel().astype(int) * len(classes) // 12])
    labels, probabilities = converted(model)
    print(model.predict(asked).ravel().tolist(), labels.tolist(), sorted(probabilities[0]), end='; ')
for loss in ('Poisson', 'Tweedie:variance_power=1.5'):
    model = CatBoostRegressor(loss_function=loss, **options).fit(x, x.ravel() + 1)
    print(np.allclose(converted(model)[0].ravel(), np.log(model.predict(asked)), atol=1e-5), end='; ')
model = CatBoostClassifier(loss_function='MultiClassOneVsAll', **options).fit(x, x.ravel().astype(int) // 4)
own = model.predict_proba(asked)[0]
odds = own / (1 - own)
print(np.allclose(list(converted(model)[1][0].values()), odds / odds.sum(), atol=1e-5), round(float(own.sum()), 2))
PY
expect 'labels of CatBoost, converted, in the map; logarithms; softmax, sum of the own' "$(python -W ignore answers.py)" \
    '[-1, 5] [0, 1] [-1, 5]; [10, 20] [0, 1] [10, 20]; [-1, 7] [-1, 7] [-1, 5, 7]; True; True; True 1.43'
