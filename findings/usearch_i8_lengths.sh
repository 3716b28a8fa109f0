#!/usr/bin/env bash
# usearch 2.26.6 makes all vectors one length in an index of `i8`, also where its metric is the squared distance or the inner product: [100, 0] is at
# distance 0 of [1, 0], and before [1, 0.2], which is at 585, and both have one inner product. float16 and bfloat16 have 0.04 for [1, 0.2] and 9801 for
# [100, 0]. So what is near is near by its angle whatever metric was asked for. Guess: numbers are scaled alike for all vectors, or what does not fit is
# refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages usearch==2.26.6 numpy==2.4.6
cat >lengths.py <<'PY'
import numpy as np
from usearch.index import Index

vectors = np.array([[1, 0], [100, 0], [0.1, 0.1], [1, 0.2]], 'float32')
for metric in ('l2sq', 'ip'):
    for kind in ('f32', 'f16', 'i8'):
        index = Index(ndim=2, metric=metric, dtype=kind)
        index.add(np.arange(4), vectors)
        distances = dict(zip(index.search(vectors[0], 4).keys.tolist(), index.search(vectors[0], 4).distances.tolist()))
        print(metric, kind, *(round(distances[key], 2) for key in range(4)), index.get(1).tolist())
PY
python lengths.py >seen
expect 'of [1, 0]: itself, [100, 0], [0.1, 0.1], [1, 0.2]; as which [100, 0] is kept' "$(cat seen)" 'l2sq f32 0.0 9801.0 0.82 0.04 [100.0, 0.0]
l2sq f16 0.0 9801.0 0.82 0.04 [100.0, 0.0]
l2sq i8 0.0 0.0 9365.0 585.0 [127, 0]
ip f32 0.0 -99.0 0.9 0.0 [100.0, 0.0]
ip f16 0.0 -99.0 0.9 0.0 [100.0, 0.0]
ip i8 -16128.0 -16128.0 -11302.0 -15747.0 [127, 0]'
