#!/usr/bin/env bash
# rectools 0.19.0's metrics count an item as often as a user has it in the interactions, as who buys it again does: of one item of a user, bought five times and
# recommended first of three, `Precision(3)` makes 1.67, `MCC` 1.43, `Accuracy` 1.1 and `NDCG(3)` 2.35, though its documentation has NDCG "in [0, 1]";
# `AvgRecPopularity` takes six times of one user for six users. `MRR`, `PAP` and `PartialAUC` do not, nor does `MeanInvUserFreq`.
# Guess: interactions of a user with an item are one, or all metrics refuse two.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages rectools==0.19.0 pandas==2.3.3
cat >metrics.py <<'PY'
import pandas as pd
from rectools.metrics import MAP, MCC, MRR, NDCG, PAP, Accuracy, AvgRecPopularity, F1Beta, MeanInvUserFreq, PartialAUC, Precision, Recall

recommended = pd.DataFrame({'user_id': [1, 1, 1], 'item_id': [1, 2, 3], 'rank': [1, 2, 3]})
bought = pd.DataFrame({'user_id': [1] * 6, 'item_id': [1] * 5 + [9]})
metrics = Precision(3), Recall(3), F1Beta(3), Accuracy(3), MCC(3), MAP(3), NDCG(3), NDCG(3, divide_by_achievable=True), MRR(3), PAP(3), PartialAUC(3)
for metric in metrics:
    more = {'catalog': range(1, 11)} if isinstance(metric, (Accuracy, MCC)) else {}
    ask = lambda rows: metric.calc(reco=recommended, interactions=rows, **more)
    print(type(metric).__name__, f'{ask(bought):.2f} {ask(bought.drop_duplicates()):.2f}')
before = pd.DataFrame({'user_id': [1, 2, 3] + [4] * 6, 'item_id': [1, 1, 2] + [3] * 6})
for metric in (AvgRecPopularity(3), MeanInvUserFreq(3)):
    ask = lambda rows: metric.calc(reco=recommended, prev_interactions=rows)
    print(type(metric).__name__, f'{ask(before):.2f} {ask(before.drop_duplicates()):.2f}')
PY
python -W ignore metrics.py >seen
expect 'with items bought again, and each once' "$(cat seen)" 'Precision 1.67 0.33
Recall 0.83 0.50
F1Beta 1.11 0.40
Accuracy 1.10 0.70
MCC 1.43 0.22
MAP 0.83 0.50
NDCG 2.35 0.47
NDCG 2.35 0.61
MRR 1.00 1.00
PAP 0.50 0.50
PartialAUC 0.50 0.50
AvgRecPopularity 3.00 1.33
MeanInvUserFreq 1.67 1.67'
