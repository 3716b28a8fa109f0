#!/usr/bin/env bash
# CatBoost 1.2.10 takes the booleans of a data frame's categorical column for the categories 1 and 0, and in a file, into which the same frame was written, for the texts 'True'
# and 'False'. A model trained on the frame knows neither category of the file, and answers every row of it, and of the frame as texts, alike: 2
# where targets are 2 and 0. Written as 1 and 0 the file is answered right. Guess: rows have one answer, from a frame or from a file of it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages catboost==1.2.10 pandas==3.0.6 numpy==2.4.6
cat >categories.py <<'PY'
import pandas as pd
from catboost import CatBoostRegressor, Pool

rows = pd.DataFrame({'member': [True, False] * 100})
target = rows['member'] * 2.0
model = CatBoostRegressor(iterations=200, cat_features=['member'], allow_writing_files=False, verbose=0, random_seed=0).fit(rows, target)
with open('columns', 'w') as file:
    file.write('0\tCateg\tmember\n')


def answers(frame):
    return model.predict(frame).round(1)[:2]


def from_file(frame):
    frame.to_csv('rows.tsv', sep='\t', index=False, header=False)
    return answers(Pool('rows.tsv', column_description='columns'))


print(answers(rows), from_file(rows), answers(rows.astype(str)), from_file(rows.astype(int)))
PY
expect 'answers for True and False in a frame, in its file, as texts, as 1 and 0 in a file' "$(python -W ignore categories.py)" '[2. 0.] [2. 2.] [2. 2.] [2. 0.]'
