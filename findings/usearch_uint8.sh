#!/usr/bin/env bash
# usearch 2.26.6 takes vectors of uint8, as pixels and counts are, for bits, also in an index of float32 and where they have as many numbers as the index
# has dimensions: it compares the bits of the first of them and finds distances of some bits; of 200 rows of 16 numbers it names other neighbours than the
# squared distance has for nearly all. And int8 vectors are divided by 127 when an index of float32 takes them, so that the same numbers as float32 are far
# away. Guess: the numbers, or refused, as int64 is ("Incompatible scalars").
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages usearch==2.26.6 numpy==2.4.6
cat >neighbours.py <<'PY'
import numpy as np
from usearch.index import Index


def neighbours(rows, queries):
    index = Index(ndim=16, metric='l2sq', dtype='f32')
    index.add(np.arange(len(rows)), rows)
    found = index.search(queries, 2)
    return found.keys[:, 1], found.distances[:, 1]


pixels = np.random.default_rng(0).integers(0, 256, (200, 16)).astype('uint8')
squares = ((pixels[:, None].astype(int) - pixels[None].astype(int)) ** 2).sum(-1)
np.fill_diagonal(squares, squares.max() + 1)
for kind in ('float32', 'uint8'):
    keys, distances = neighbours(pixels.astype(kind), pixels.astype(kind))
    right = (keys == squares.argmin(1)).mean()
    print(kind, 'most are right' if right > 0.9 else 'few are right' if right < 0.1 else right, distances.max() <= 16)
small = (pixels // 2).astype('int8')
index = Index(ndim=16, metric='l2sq', dtype='f32')
index.add(np.arange(200), small)
distance = lambda vector: index.search(vector, 1).distances[0]
print(np.allclose(index.get(0), small[0] / 127), distance(small[0]) < 1e-6, distance(small[0].astype('float32')) > 10000)
try:
    index.search(pixels[0].astype('int64'), 1)
except ValueError:
    print('int64 is refused')
PY
python neighbours.py >seen
expect 'nearest other rows, all distances up to 16' "$(head -n 2 seen)" 'float32 most are right False
uint8 few are right True'
expect 'int8 divided by 127, found, found as float32' "$(sed -n 3p seen)" 'True True True'
expect 'int64' "$(sed -n 4p seen)" 'int64 is refused'
