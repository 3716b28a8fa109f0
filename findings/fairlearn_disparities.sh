#!/usr/bin/env bash
# fairlearn 0.15.0's `demographic_parity_difference` takes the label 1 alone for selected, and has no argument to say otherwise: where the labels are 'yes'
# and 'no', it finds no difference between a group of which all, and one of which none are selected, while `equal_opportunity_difference` refuses such labels.
# And a group without positives has a true positive rate of 0, and a false negative rate of 0 too: predictions that are all right have the greatest
# possible difference of 1 in equal opportunity and equalized odds. No warning tells of either.
# Guess: such labels are refused, and rates of nothing are NaN.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages fairlearn==0.15.0 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6
cat >fair.py <<'PY'
from fairlearn.metrics import demographic_parity_difference, equal_opportunity_difference, equalized_odds_difference, false_negative_rate, true_positive_rate

group = list('aaaabbbb')
for no, yes in (0, 1), ('no', 'yes'), (0, 100):
    labels = [yes] * 4 + [no] * 4
    print(yes, demographic_parity_difference(labels, labels, sensitive_features=group), end='; ')
try:
    equal_opportunity_difference(['yes', 'no'] * 4, ['yes', 'no'] * 4, sensitive_features=group)
except ValueError:
    print('refused')
labels = [1, 1, 0, 0, 0, 0, 0, 0]
for difference in equal_opportunity_difference, equalized_odds_difference:
    print(difference(labels, labels, sensitive_features=group), end='; ')
print(true_positive_rate(labels[4:], labels[4:]), false_negative_rate(labels[4:], labels[4:]))
PY
python fair.py >seen 2>&1
expect 'difference in selection of all against none, by label; equal opportunity' "$(sed -n 1p seen)" '1 1.0; yes 0.0; 100 0.0; refused'
expect 'equal opportunity and equalized odds of right predictions; rates of a group without positives' "$(sed -n 2p seen)" '1.0; 1.0; 0.0 0.0'
