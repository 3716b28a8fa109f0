#!/usr/bin/env bash
# imbalanced-learn 0.14.2 works on data frames as one array of floats and brings columns back into their types by cutting off. `SMOTE` so cuts every drawn
# whole number towards 0: a flag that is 1 in half of the minority is 1 in a third of the rows drawn for it, and counts below 0 come nearer to 0. And
# `RandomOverSampler`, which only repeats rows, changes whole numbers above 2**53, as hashes and nanoseconds are, of the rows that it was given, where a
# column of floats stands beside; with a column of texts beside, it does not. Guess: what is drawn has the columns' means; rows that are repeated are equal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages imbalanced-learn==0.14.2 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6
cat >sample.py <<'PY'
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler

generator = np.random.default_rng(0)
label = pd.Series([0] * 2000 + [1] * 1000)
rows = pd.DataFrame({'flag': generator.integers(0, 2, 3000), 'debt': -generator.integers(0, 4, 3000)})
rows[[f'x{number}' for number in range(8)]] = generator.normal(size=(3000, 8))
print(*rows[label == 1][['flag', 'debt']].mean().round(2))
for frame in (rows, rows.astype(float)):
    drawn = SMOTE(random_state=0).fit_resample(frame, label)[0][len(rows):]
    print(*drawn[['flag', 'debt']].mean().round(2))

times = 1_714_979_289_123_456_000 + pd.Series(range(3000)) * 1001
for beside in ('x0', 'text'):
    frame = rows.assign(time=times, text='a')[['time', beside]]
    again = RandomOverSampler(random_state=0).fit_resample(frame, label)[0]
    print(beside, again['time'].dtype, (again['time'][: len(rows)] == times).mean(), again['time'][:3].tolist())
PY
python -W ignore sample.py >seen
expect 'means of the minority' "$(sed -n 1p seen)" '0.52 -1.48'
expect 'means of what SMOTE draws of integers, and of the same as floats' "$(sed -n 2,3p seen)" '0.39 -1.28
0.51 -1.46'
expect 'times of given rows that stay' "$(sed -n 4,5p seen)" 'x0 int64 0.004 [1714979289123456000, 1714979289123457024, 1714979289123458048]
text int64 1.0 [1714979289123456000, 1714979289123457001, 1714979289123458002]'
