#!/usr/bin/env bash
# Hamilton 1.90.0 (apache-hamilton) keys its cache by fingerprints of what a node was given, and those of a pandas data frame leave out the names of its
# columns, those of a numpy array its shape: when the code above swaps two columns' names or transposes an array, what is below is not run again, and its old
# value is handed out beside the new frame. Guess: what a node's function can tell apart has other fingerprints.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages apache-hamilton==1.90.0 pandas==3.0.6 numpy==2.4.6
cat >run.py <<'PY'
from hamilton import driver

import nodes

values = driver.Builder().with_modules(nodes).with_cache(path='cache').build().execute(['frame', 'ratio', 'width'])
print(values['frame'].columns.tolist(), values['ratio'], values['width'])
PY
# nodes COLUMNS SHAPE: the module whose nodes are run, in a process of its own.
nodes() {
    cat >nodes.py <<PY
import numpy as np
import pandas as pd


def frame() -> pd.DataFrame:
    return pd.DataFrame([[6, 2], [9, 3]], columns=$1)


def ratio(frame: pd.DataFrame) -> list:
    return (frame['spend'] / frame['visits']).round(2).tolist()


def matrix() -> np.ndarray:
    return np.arange(6).reshape($2)


def width(matrix: np.ndarray) -> int:
    return matrix.shape[1]
PY
    rm -rf __pycache__
    python -W ignore run.py 2>/dev/null
}
expect 'columns, ratios, width at first' "$(nodes "['spend', 'visits']" '2, 3')" "['spend', 'visits'] [3.0, 3.0] 3"
expect 'columns, ratios, width after the change' "$(nodes "['visits', 'spend']" '3, 2')" "['visits', 'spend'] [3.0, 3.0] 3"
rm -rf cache
expect 'columns, ratios, width without the cache' "$(nodes "['visits', 'spend']" '3, 2')" "['visits', 'spend'] [0.33, 0.33] 2"
