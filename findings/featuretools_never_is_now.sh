#!/usr/bin/env bash
# featuretools 1.31.0's `dfs` writes 0 where primitives have no number: who never had a `True` has one 0 seconds ago by `time_since_last_true`, as if it were
# just now, and so has who has no rows at all, also by `time_since_last_max`; the primitive alone answers NaN, as its documentation tells. `kurtosis` of
# numbers of which one is missing is 0, as of a normal distribution, where it is said to be NaN. `time_since_last` is NaN without rows.
# Guess: what is not there is NaN in the matrix, too, and never mistaken for the least time or for a usual shape.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages featuretools==1.31.0 woodwork==0.31.0 pandas==2.3.3 numpy==2.4.6
cat >features.py <<'PY'
import featuretools as ft
import numpy as np
import pandas as pd
from featuretools.primitives import Kurtosis, TimeSinceLastTrue

now = pd.Timestamp('2024-02-01')
people = pd.DataFrame({'person': ['bought', 'looked', 'new']})
visits = pd.DataFrame({
    'visit': range(6),
    'person': ['bought'] * 3 + ['looked'] * 3,
    'time': pd.date_range('2024-01-01', periods=6),
    'sale': [False, True, False] + [False] * 3,
    'minutes': [1.0, 9.0, 2.0, 1.0, np.nan, 50.0],
})
data = ft.EntitySet('data').add_dataframe(dataframe_name='people', dataframe=people, index='person')
data = data.add_dataframe(dataframe_name='visits', dataframe=visits, index='visit', time_index='time', logical_types={'minutes': 'Double'})
data = data.add_relationship('people', 'person', 'visits', 'person')
primitives = ['time_since_last_true', 'time_since_last_max', 'time_since_last', 'kurtosis', 'mean']
matrix, _ = ft.dfs(
    entityset=data, target_dataframe_name='people', agg_primitives=primitives, trans_primitives=[], cutoff_time=now, max_depth=1
)
for name in 'SINCE_LAST_TRUE(visits.time, sale)', 'SINCE_LAST_MAX(visits.time, minutes)', 'SINCE_LAST(visits.time)', 'KURTOSIS(visits.minutes)':
    column = matrix[name.replace('SINCE', 'TIME_SINCE')]
    print(name.split('(')[0], [round(float(column[person]), 2) for person in people['person']], end='; ')
print()
looked = visits[visits['person'] == 'looked']
print(TimeSinceLastTrue()(looked['time'], looked['sale'], time=now), Kurtosis()(looked['minutes']))
PY
python -W ignore features.py >seen
expect 'of who bought, who only looked and who is new' "$(sed -n 1p seen)" "SINCE_LAST_TRUE [2592000.0, 0.0, 0.0]; \
SINCE_LAST_MAX [2592000.0, 2246400.0, 0.0]; SINCE_LAST [2505600.0, 2246400.0, nan]; KURTOSIS [-1.5, 0.0, 0.0]; "
expect 'time_since_last_true and kurtosis by themselves, of who only looked' "$(sed -n 2p seen)" 'nan nan'
