#!/usr/bin/env bash
# MLflow 3.17.2's digest of a data set, by which runs tell what they were trained on, leaves out of a pandas data frame all columns of booleans and of times and all
# columns of texts in which one is missing, and every row behind the 10,000th; of an array, what is behind its 10,000th number, which is row 500 at 20
# columns. So other labels, or a later half that is another, have one digest. Guess: a digest changes with the content, as its documentation calls it a
# unique hash or fingerprint of the data set.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages mlflow-skinny==3.17.2 pandas==3.0.6 numpy==2.4.6
cat >digest.py <<'PY'
import mlflow.data
import numpy as np
import pandas as pd


def same(read, one, other):
    return read(one).digest == read(other).digest


rows = pd.DataFrame({'x': [1, 2, 3]})
for what, one, other in [
    ('booleans', [True, False, True], [False, False, False]),
    ('times', pd.to_datetime(['2024-01-01'] * 3), pd.to_datetime(['2025-01-01'] * 3)),
    ('texts with one missing', ['a', 'b', None], ['c', 'd', None]),
    ('texts', ['a', 'b', 'c'], ['c', 'd', 'e']),
]:
    print(what, same(mlflow.data.from_pandas, rows.assign(y=one), rows.assign(y=other)), end='; ')
many = pd.DataFrame({'x': range(20000)})
print('later rows', same(mlflow.data.from_pandas, many, many.clip(upper=9999)), end='; ')
print('an array', same(mlflow.data.from_numpy, np.zeros((2000, 20)), np.repeat([0.0, 1.0], [500, 1500])[:, None] * np.ones(20)))
PY
expect 'same digest' "$(python -W ignore digest.py 2>/dev/null)" \
    'booleans True; times True; texts with one missing True; texts False; later rows True; an array True'
