#!/usr/bin/env bash
# pipefunc 0.93.2's cache (`cache=True`, in memory or on disk) takes data frames for the same that differ in their index, in the order of their columns, in
# their types (1 and 1.0, True and 1) or in the order of categories, as its key for a frame is its columns as a dictionary of lists. A function that takes
# the first column, the index or the codes of categories hands out what it made of another frame; and that of 1 is handed out for 1.0 and True. Guess: only
# what is equal in all that a function sees, as in joblib's cache of the same calls.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pipefunc==0.93.2 joblib==1.6.0 pandas==3.1.1 numpy==2.4.6
cat >caches.py <<'PY'
import joblib
import pandas as pd
from pipefunc import Pipeline, pipefunc

frame = pd.DataFrame({'a': [1, 2], 'b': [30, 40]})
sizes = lambda order: pd.DataFrame({'size': pd.Categorical(['s', 'l'], order)})
asked = {
    'index': (lambda x: x.index.tolist(), frame, frame.set_axis([7, 8])),
    'columns': (lambda x: x.iloc[:, 0].tolist(), frame, frame[['b', 'a']]),
    'types': (lambda x: (x['a'] / 2).tolist() if x['a'].dtype.kind == 'f' else (x['a'] // 2).tolist(), frame, frame.astype(float)),
    'categories': (lambda x: x['size'].cat.codes.tolist(), sizes(['s', 'l']), sizes(['l', 's'])),
    'numbers': (lambda x: type(x).__name__, 1, True),
}
for name, (function, first, second) in asked.items():
    answers = []
    for options in ({'cache_type': 'simple'}, {'cache_type': 'disk', 'cache_kwargs': {'cache_dir': f'{name}-disk'}}):
        pipeline = Pipeline([pipefunc(output_name='y', cache=True)(lambda x: function(x))], **options)
        pipeline(x=first)
        answers.append(pipeline(x=second))
    cached = joblib.Memory(f'{name}-joblib', verbose=0).cache(function)
    cached(first)
    print(name, function(second), *answers, cached(second))
PY
python -W ignore caches.py >seen
expect 'without a cache, pipefunc in memory, on disk, joblib' "$(cat seen)" 'index [7, 8] [0, 1] [0, 1] [7, 8]
columns [30, 40] [1, 2] [1, 2] [30, 40]
types [0.5, 1.0] [0, 1] [0, 1] [0.5, 1.0]
categories [1, 0] [0, 1] [0, 1] [1, 0]
numbers bool int int bool'
