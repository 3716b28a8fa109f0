#!/usr/bin/env bash
# sdmetrics 0.32.0 takes differences of 8-bit columns in their own type: synthetic ages from 15 to 90 cover all of real ones from 20 to 80 in `RangeCoverage`,
# and nothing of them where the columns are uint8, since 15 - 20 is 251. Of real numbers from -100 to 100 as int8 the range is -56: synthetic ones to 50 cover
# all of it and not 75 %, and `StatisticSimilarity`, which divides by that range, is 1.3 for the means and 1.42 for the deviations.
# Guess: a score is that of the numbers, between 0 and 1, whatever type holds them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages sdmetrics==0.32.0 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
cat >scores.py <<'PY'
import pandas as pd
from sdmetrics.single_column import RangeCoverage, StatisticSimilarity


def print_scores(real, synthetic, *kinds):
    for kind in kinds:
        columns = pd.Series(real).astype(kind), pd.Series(synthetic).astype(kind)
        similar = [round(float(StatisticSimilarity.compute(*columns, statistic=name)), 4) for name in ('mean', 'std')]
        print(kind, round(float(RangeCoverage.compute(*columns)), 4), *similar, end='; ')
    print()


print_scores([20, 35, 50, 80], [15, 35, 50, 90], 'int64', 'uint8')
print_scores([-100, 0, 100], [-100, 0, 50], 'int64', 'int8')
PY
python -W ignore scores.py >seen
expect 'coverage of the range, similarity of means and of deviations of ages' "$(sed -n 1p seen)" 'int64 1.0 0.9792 0.8977; uint8 0.0 0.9792 0.8977; '
expect 'the same of numbers from -100 to 100' "$(sed -n 2p seen)" 'int64 0.75 0.9167 0.8819; int8 1.0 1.2976 1.4219; '
