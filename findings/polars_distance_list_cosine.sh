#!/usr/bin/env bash
# polars-distance 0.5.3's `dist_list.cosine` of two lists as sets divides what they have in common by the root of the first one's size and multiplies by
# that of the other: two equal lists of 2 have 2, of 3 have 3, of at most 1; of ['a'] and four with it, it is 2 one way round and 0.5 the other. Cosine of
# sets is 1 and 0.5, both ways round. Its other indices of the same lists are right. Guess: 1 of equal lists, and the same whichever is first.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-distance==0.5.3 polars==1.44.2
cat >lists.py <<'PY'
import polars as pl
import polars_distance as pld

rows = pl.DataFrame({
    'a': [['a', 'b'], ['a', 'b', 'c'], ['a'], ['a', 'b', 'c', 'd'], ['a', 'b']],
    'b': [['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], ['a'], ['c', 'd']],
})
for name in ('cosine', 'jaccard_index', 'sorensen_index'):
    print(name, *rows.select(getattr(pld.col('a').dist_list, name)('b').round(3)).to_series())
print('by hand', *(round(len(set(a) & set(b)) / (len(set(a)) * len(set(b))) ** 0.5, 3) for a, b in rows.iter_rows()))
PY
python lists.py >seen
expect 'equal lists of 2 and 3, 1 and 4, 4 and 1, none in common' "$(cat seen)" 'cosine 2.0 3.0 2.0 0.5 0.0
jaccard_index 1.0 1.0 0.25 0.25 0.0
sorensen_index 1.0 1.0 0.4 0.4 0.0
by hand 1.0 1.0 0.5 0.5 0.0'
