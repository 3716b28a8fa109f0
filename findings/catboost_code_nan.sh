#!/usr/bin/env bash
# CatBoost 1.2.10's model as Python code (`save_model(format='python')`) takes NaN for smaller than every border, whatever `nan_mode` the model was trained with:
# with 'Max', a row without a value gets the answer of the smallest. The same model as JSON answers as it did. Guess: code of a model answers as the model.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages catboost==1.2.10 numpy==2.4.6 pandas==3.0.6
cat >export.py <<'PY'
import importlib

import numpy as np
from catboost import CatBoostRegressor

nan = float('nan')
x = np.array([[0], [1], [2], [3], [nan], [nan]])
for mode, y in (('Min', [10, 0, 0, 0, 10, 10]), ('Max', [0, 0, 0, 10, 10, 10])):
    model = CatBoostRegressor(nan_mode=mode, iterations=20, depth=2, verbose=0, allow_writing_files=False, thread_count=1).fit(x, y)
    model.save_model(f'as_{mode}.py', format='python')
    model.save_model('model.json', format='json')
    code = importlib.import_module(f'as_{mode}')
    answers = [model.predict([[nan]])[0], CatBoostRegressor().load_model('model.json', format='json').predict([[nan]])[0], code.apply_catboost_model([nan])]
    print(mode, [round(float(answer)) for answer in answers], end='; ')
PY
expect 'NaN by the model, as JSON, as code' "$(python -W ignore export.py)" 'Min [10, 10, 10]; Max [10, 10, 0]; '
