#!/usr/bin/env bash
# polars-distance 0.5.3's Canberra distance is NaN where both vectors have a 0 at one place, as counts often do: of [0, 1, 4] and [0, 2, 4] SciPy has 1/3,
# and so has polars-distance of [3, 1, 4] and [3, 2, 4]. Guess: 1/3, as a place that does not differ adds nothing.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-distance==0.5.3 polars==1.44.2 scipy==1.17.1 numpy==2.4.6
cat >vectors.py <<'PY'
import polars as pl
import polars_distance as pld
from scipy.spatial.distance import canberra

for a, b in (([0.0, 1.0, 4.0], [0.0, 2.0, 4.0]), ([3.0, 1.0, 4.0], [3.0, 2.0, 4.0]), ([0.0, 0.0, 4.0], [0.0, 0.0, 4.0])):
    rows = pl.DataFrame({'a': [a], 'b': [b]}, schema={'a': pl.Array(pl.Float64, 3), 'b': pl.Array(pl.Float64, 3)})
    print(a, b, f"{rows.select(pld.col('a').dist_arr.canberra('b')).item():.3f} {canberra(a, b):.3f}")
PY
python vectors.py >seen
expect 'vectors, polars-distance, SciPy' "$(cat seen)" '[0.0, 1.0, 4.0] [0.0, 2.0, 4.0] nan 0.333
[3.0, 1.0, 4.0] [3.0, 2.0, 4.0] 0.333 0.333
[0.0, 0.0, 4.0] [0.0, 0.0, 4.0] nan 0.000'
