#!/usr/bin/env bash
# pylance 14.0.2 (Lance): what `merge_insert` inserts hangs on whether the key's column has an index. New rows whose key is missing are inserted where it has
# none, or a zone map; with a B-tree or a bitmap they are left out without a word, and are not counted either.
# Guess: an index makes a merge faster and changes nothing else.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pylance==14.0.2 pyarrow==26.0.1
cat >merge.py <<'PY'
import lance
import pyarrow as pa

table = pa.table({'k': ['a', 'b'], 'v': [1, 2]})
new = pa.table({'k': ['a', None, 'c', None], 'v': [10, 20, 30, 40]})
for index in (None, 'ZONEMAP', 'BTREE', 'BITMAP'):
    dataset = lance.write_dataset(table, f'data-{index}')
    if index is not None:
        dataset.create_scalar_index('k', index)
    merged = dataset.merge_insert('k').when_matched_update_all().when_not_matched_insert_all().execute(new)
    left = sorted(lance.dataset(f'data-{index}').to_table()['v'].to_pylist())
    print(index, merged['num_updated_rows'], merged['num_inserted_rows'], left)
PY
python -W ignore merge.py >seen
expect 'updated, inserted, values without an index' "$(sed -n 1p seen)" 'None 1 3 [2, 10, 20, 30, 40]'
expect 'with a zone map' "$(sed -n 2p seen)" 'ZONEMAP 1 3 [2, 10, 20, 30, 40]'
expect 'with other indices' "$(sed -n 3,4p seen)" 'BTREE 1 1 [2, 10, 30]
BITMAP 1 1 [2, 10, 30]'
