#!/usr/bin/env bash
# featuretools 1.31.0's `average_count_per_unique` divides by all categories that anybody has: two visits of a person to one shop are 2, as the primitive
# answers for a list, and 0.67 in a matrix of `dfs` where three shops are known, and 0.2 where there are ten, also where others are there for the first time
# behind the cutoff, of which nothing may be known. `num_unique` is 1. Guess: a feature of a person's rows is made of them alone.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages featuretools==1.31.0 woodwork==0.31.0 pandas==2.3.3 numpy==2.4.6
cat >features.py <<'PY'
import featuretools as ft
import pandas as pd
from featuretools.primitives import AverageCountPerUnique


def average(shops):
    """Of the person 'a', who was in shop x twice before the cutoff; others come later."""
    visits = pd.DataFrame({'visit': range(len(shops)), 'shop': shops, 'time': pd.date_range('2024-01-01', periods=len(shops))})
    visits['person'] = ['a'] * 2 + ['b'] * (len(shops) - 2)
    people = pd.DataFrame({'person': sorted(set(visits['person']))})
    data = ft.EntitySet('data').add_dataframe(dataframe_name='people', dataframe=people, index='person')
    data = data.add_dataframe(dataframe_name='visits', dataframe=visits, index='visit', time_index='time', logical_types={'shop': 'Categorical'})
    data = data.add_relationship('people', 'person', 'visits', 'person')
    matrix, _ = ft.dfs(
        entityset=data,
        target_dataframe_name='people',
        agg_primitives=['average_count_per_unique', 'num_unique', 'count'],
        trans_primitives=[],
        cutoff_time=pd.Timestamp('2024-01-02'),
        max_depth=1,
    )
    names = 'AVERAGE_COUNT_PER_UNIQUE(visits.shop)', 'NUM_UNIQUE(visits.shop)', 'COUNT(visits)'
    return [round(float(matrix.loc['a', name]), 2) for name in names]


for shops in ['x', 'x'], ['x', 'x', 'y', 'z'], ['x', 'x', *'abcdefghi']:
    print(*average(shops), end='; ')
print(float(AverageCountPerUnique()(['x', 'x'])))
PY
python -W ignore features.py >seen
expect 'visits per shop, shops and visits, with 1, 3 and 10 shops known; visits per shop of the list' "$(cat seen)" \
    '2.0 1.0 2.0; 0.67 1.0 2.0; 0.2 1.0 2.0; 2.0'
