#!/usr/bin/env bash
# SciPy 1.17.1's `ttest_rel` subtracts, `tmean` adds up and `kstat` raises integers of 8 bits as they are: of 30 pairs of ages the paired t-test's p is 0.09,
# and 5e-8 where they are uint8, which pingouin 0.7.0 hands on with a Bayes factor of 310,100 for 0.754; `tmean` is 52.3 and 1.1, the second k-statistic 909.5
# and -2718.6. `ttest_ind`, `wilcoxon`, `tvar` and NumPy's `mean` answer alike for both. Guess: a test is of the numbers, whatever type holds them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages scipy==1.17.1 numpy==2.4.6 pingouin==0.7.0 pandas==2.3.3 scikit-learn==1.9.1
cat >tests.py <<'PY'
import numpy as np
import pingouin
from scipy import stats

random = np.random.default_rng(0)
before, after = random.integers(0, 100, 30), random.integers(20, 120, 30)
for kind in 'int64', 'uint8':
    x, y = before.astype(kind), after.astype(kind)
    tests = [test(x, y).pvalue for test in (stats.ttest_rel, stats.ttest_ind, stats.wilcoxon)]
    print(kind, *(f'{p:.1g}' for p in tests), pingouin.ttest(x, y, paired=True)['BF10'].iloc[0], end='; ')
print()
for kind in 'int64', 'uint8':
    x = before.astype(kind)
    print(kind, *(round(float(number), 1) for number in (stats.tmean(x), np.mean(x), stats.kstat(x, 2), stats.tvar(x))), end='; ')
PY
python -W ignore tests.py >seen
expect 'p of ttest_rel, ttest_ind, wilcoxon, and the Bayes factor' "$(sed -n 1p seen)" 'int64 0.09 0.07 0.1 0.754; uint8 5e-08 0.07 0.1 3.101e+05; '
expect 'tmean and the mean, the second k-statistic and the variance' "$(sed -n 2p seen)" 'int64 52.3 52.3 909.5 909.5; uint8 1.1 52.3 -2718.6 909.5; '
