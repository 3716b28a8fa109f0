#!/usr/bin/env bash
# LightGBM 4.7.0: a model that is trained on (`init_model`) or fitted again (`refit`) with a pandas column whose categories are others, as those of a day on
# which one did not occur, takes over the new list of categories and leaves the numbers in its trees. A fitted one then answers for 'b' what it learned of 'a',
# wrong on all rows that it was fitted to; one that was trained on answers 1 for 'a'. Predictions and validation sets with such a column are right, as is a column
# that was given all categories. Guess: categories are matched by their names, as in `predict`, or refused, as are another number of columns.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages lightgbm==4.7.0 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1
cat >days.py <<'PY'
import lightgbm as lgb
import numpy as np
import pandas as pd

values = {'a': 0.0, 'b': 1.0, 'c': 2.0, 'd': 3.0}
parameters = {'objective': 'regression', 'verbose': -1, 'min_data_per_group': 1, 'cat_smooth': 0, 'cat_l2': 0, 'num_threads': 1}


def day(names):
    column = pd.Series(names * 250)
    return pd.DataFrame({'x': column.astype('category')}), column.map(values).to_numpy()


def answers(model):
    return ' '.join(f'{abs(answer):.0f}' for answer in model.predict(pd.DataFrame({'x': pd.Categorical(list('abcd'))})))


first = lgb.train(parameters, lgb.Dataset(*day(list('abcd'))), 100)
second, y = day(list('bcd'))
print('first', answers(first), f'{np.abs(first.predict(second) - y).mean():.1f}')
fitted = first.refit(second, y, decay_rate=1.0)
print('refit', answers(fitted), f'{np.abs(fitted.predict(second) - y).mean():.1f}')
print('init_model', answers(lgb.train(parameters, lgb.Dataset(second, y), 100, init_model=first)))
told = second.astype(pd.CategoricalDtype(list('abcd')))
print('told refit', answers(first.refit(told, y, decay_rate=1.0)))
print('told init_model', answers(lgb.train(parameters, lgb.Dataset(told, y), 100, init_model=first)))
print(first.pandas_categorical, fitted.pandas_categorical)
PY
python -W ignore days.py >seen
expect "for a, b, c and d, and the error on the second day" "$(sed -n 1p seen)" 'first 0 1 2 3 0.0'
expect 'fitted to the second day, though nothing was to change' "$(sed -n 2p seen)" 'refit 0 0 1 2 1.0'
expect 'trained on' "$(sed -n 3p seen)" 'init_model 1 1 2 3'
expect 'with all categories' "$(sed -n 4,5p seen)" 'told refit 0 1 2 3
told init_model 0 1 2 3'
expect 'categories before and after' "$(sed -n 6p seen)" "[['a', 'b', 'c', 'd']] [['b', 'c', 'd']]"
