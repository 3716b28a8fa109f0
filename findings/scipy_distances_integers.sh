#!/usr/bin/env bash
# SciPy 1.17.1's `cosine` multiplies integers of 8 and 16 bits as they are: the distance of two vectors is 0 where it is 0.23, as of embeddings that are
# quantised to int8. `euclidean`, `cityblock`, `chebyshev` and `minkowski` subtract unsigned ones as they are: 888 for 256. `cdist` has the same distances for
# all types, as do `correlation` and `sqeuclidean`. Guess: the functions of a pair answer what `cdist` answers.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages scipy==1.17.1 numpy==2.4.6
cat >distances.py <<'PY'
import numpy as np
from scipy.spatial import distance

random = np.random.default_rng(0)
first, second = random.integers(0, 100, 30), random.integers(20, 120, 30)
for name in 'cosine', 'euclidean', 'cityblock', 'sqeuclidean':
    print(name, end=' ')
    for kind in 'int64', 'int8', 'uint8':
        x, y = first.astype(kind), second.astype(kind)
        print(round(float(getattr(distance, name)(x, y)), 2), round(float(distance.cdist([x], [y], name)[0, 0]), 2), end='; ')
    print()
PY
python -W ignore distances.py >seen
expect 'by the function and by cdist, of int64, int8 and uint8' "$(cat seen)" 'cosine 0.23 0.23; 0.0 0.23; 0.0 0.23; 
euclidean 256.24 256.24; 256.24 256.24; 888.03 256.24; 
cityblock 1094.0 1094.0; 1094.0 1094.0; 3918.0 1094.0; 
sqeuclidean 65658.0 65658.0; 65658.0 65658.0; 65658.0 65658.0; '
