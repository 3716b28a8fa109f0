#!/usr/bin/env bash
# nannyml 0.13.1's `CBPE`, which estimates how good a binary model is before its labels are known, takes the labels for numbers and the class 1 for the
# positive one: with the labels -1 and 1 the ROC AUC is 4.37, and with 1 and 2 it is 0.39, the precision 1.25 and F1 1.11, where the labels 0 and 1, or
# False and True, have 0.83, 0.75 and 0.76. Texts are refused. The same labels are good for scikit-learn, and for nannyml's own realised ROC AUC (0.83 with
# all). Guess: the estimate does not depend on what the two classes are called, or is refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages nannyml==0.13.1 pandas==3.1.1 numpy==2.4.6 scikit-learn==1.9.1 statsmodels==0.15.0
cat >labels.py <<'PY'
import logging

import nannyml
import numpy as np
import pandas as pd

logging.disable(logging.CRITICAL)
random = np.random.default_rng(0)
score = random.random(1000)
positive = random.random(1000) < score
times = pd.date_range('2024-01-01', periods=1000, freq='h')
for negative_label, positive_label in ((0, 1), (False, True), (-1, 1), (1, 2)):
    label = lambda flags: np.where(flags, positive_label, negative_label)
    known = pd.DataFrame({'time': times, 'score': score, 'label': label(positive), 'predicted': label(score > 0.5)})
    later = known.assign(time=times + pd.Timedelta('60D'))
    options = dict(problem_type='classification_binary', y_true='label', y_pred='predicted', y_pred_proba='score', timestamp_column_name='time')
    options['chunk_number'] = 1
    estimate = nannyml.CBPE(metrics=['roc_auc', 'precision', 'f1'], **options).fit(known).estimate(later)
    realised = nannyml.PerformanceCalculator(metrics=['roc_auc'], **options).fit(known).calculate(later)
    values = lambda result: result.filter(period='analysis').to_df().xs('value', axis=1, level=1).iloc[0].round(2).tolist()
    print(negative_label, positive_label, *values(estimate), *values(realised))
PY
NML_DISABLE_USAGE_LOGGING=1 python -W ignore labels.py >seen
expect 'labels, estimated ROC AUC, precision, F1, realised ROC AUC' "$(cat seen)" '0 1 0.83 0.75 0.76 0.83
False True 0.83 0.75 0.76 0.83
-1 1 4.37 0.53 0.69 0.83
1 2 0.39 1.25 1.11 0.83'
