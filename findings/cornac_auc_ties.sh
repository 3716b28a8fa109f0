#!/usr/bin/env bash
# cornac 3.0.1's `AUC` counts two equal scores as if the wrong one was more: `GlobalAvg`, which scores all items alike, has an area under the ROC curve of 0,
# as if it put them in the reverse order, and grades of 1 to 5 as scores have 0.81. By scikit-learn, and the area under the curve, those have 0.5
# and 0.87: so models are worse the more scores of theirs are equal. Guess: the area under the curve, by which a constant is as good as chance.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages cornac==3.0.1 scikit-learn==1.9.1 numpy==2.4.6
cat >areas.py <<'PY'
import numpy as np
from cornac.eval_methods import BaseMethod
from cornac.metrics import AUC
from cornac.models import GlobalAvg
from sklearn.metrics import roc_auc_score

train = [(user, item, 1.0) for user in range(6) for item in range(user % 3, 6 + user % 3)]
test = [(user, (user + 7) % 9, 1.0) for user in range(6)]
method = BaseMethod.from_splits(train, test, exclude_unknowns=False, rating_threshold=0.5)
result = method.evaluate(GlobalAvg(), [AUC()], user_based=True)
print((result[0] if isinstance(result, tuple) else result).metric_avg_results['AUC'])
items = np.arange(200)
liked = np.random.default_rng(0).permutation(200)[:40]
fine = np.random.default_rng(1).normal(size=200) + 1.5 * np.isin(items, liked)
for scores in (fine, np.clip(np.round(fine) + 2, 1, 5), np.ones(200)):
    seen = AUC().compute(item_indices=items, pd_scores=scores, gt_pos=liked)
    print(len(set(scores)), f'{seen:.2f} {roc_auc_score(np.isin(items, liked), scores):.2f}')
PY
python -W ignore areas.py >seen
expect 'GlobalAvg' "$(head -n 1 seen)" '0.0'
expect 'different scores, AUC, roc_auc_score' "$(tail -n 3 seen)" '200 0.90 0.90
5 0.81 0.87
1 0.00 0.50'
