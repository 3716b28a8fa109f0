#!/usr/bin/env bash
# lifelines 0.30.3's `predict_survival_function` and `predict_cumulative_hazard` of a `CoxPHFitter` with strata return the curves by strata, not by the rows that were asked for,
# and under two names where the index has a label twice; `predict_median` of the same fitter keeps the rows' order. Taken as an array beside the rows, as
# metrics of other packages want it, each curve is another subject's. Guess: one curve a row, in the rows' order, as without strata.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages lifelines==0.30.3 pandas==2.3.3 numpy==2.4.6
cat >curves.py <<'PY'
import numpy as np
import pandas as pd
from lifelines import CoxPHFitter

generator = np.random.default_rng(1)
rows = pd.DataFrame({'x': generator.normal(size=400), 'ward': ['a', 'b'] * 200})
rows['months'] = generator.exponential(np.exp(-rows['x'])) * rows['ward'].map({'a': 1, 'b': 9})
rows['died'] = True
fitter = CoxPHFitter().fit(rows, 'months', 'died', strata=['ward'])
asked = pd.DataFrame({'x': 0.0, 'ward': ['b', 'a', 'b', 'a']})
curves = fitter.predict_survival_function(asked, times=[3.0])
print(curves.columns.tolist(), curves.to_numpy()[0].round(2), fitter.predict_median(asked).to_numpy().round(1))
print(*(fitter.predict_survival_function(asked[i:i + 1], times=[3.0]).iloc[0, 0].round(2) for i in range(4)))
print(fitter.predict_survival_function(asked.set_axis([0, 1, 0, 1]), times=[3.0]).columns.tolist())
PY
python -W ignore curves.py >seen
expect 'columns, survival after 3 months, medians; row by row; columns with labels twice' "$(cat seen)" \
    '[1, 3, 0, 2] [0.08 0.08 0.72 0.72] [6.6 0.8 6.6 0.8]
0.72 0.08 0.72 0.08
['"'0_x', '1_x', '0_y', '1_y'"']'
