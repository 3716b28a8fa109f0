#!/usr/bin/env bash
# zarr 3.1.6: of a group whose metadata was consolidated, `append` goes by the shape of then, also where the group is opened to be written to. Two appends of
# two numbers to two leave four: the second writes over the first's numbers, without a word. After one append, setting an attribute of the array
# (`group['x'].attrs[...] = ...`) makes it as long as it was before. Without consolidation, and with `use_consolidated=False`, six are left.
# Guess: consolidated metadata may show readers an older state, but what writes looks at the array's own.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages zarr==3.1.6 numpy==2.4.6
cat >append.py <<'PY'
import numpy as np
import zarr


def numbers(folder):
    return zarr.open_group(folder, mode='r', use_consolidated=False)['x'][:].tolist()


def begin(folder, consolidated):
    array = zarr.open_group(folder, mode='w').create_array('x', shape=2, chunks=2, dtype='int64')
    array[:] = [1, 2]
    if consolidated:
        zarr.consolidate_metadata(folder)


for name, consolidated, options in [
    ('plain', False, {}), ('consolidated', True, {}), ('told', True, {'use_consolidated': False}),
]:
    begin(name, consolidated)
    for day in ([3, 4], [5, 6]):
        zarr.open_group(name, mode='r+', **options)['x'].append(np.array(day))
    print(name, numbers(name))
for name, consolidated in [('plain', False), ('consolidated', True)]:
    begin(name, consolidated)
    group = zarr.open_group(name, mode='r+')
    group['x'].append(np.array([3, 4]))
    before = numbers(name)
    group['x'].attrs['unit'] = 'm'
    print(name, before, numbers(name))
PY
python -W ignore append.py >seen
expect 'two appends without consolidation' "$(sed -n 1p seen)" 'plain [1, 2, 3, 4, 5, 6]'
expect 'with it' "$(sed -n 2p seen)" 'consolidated [1, 2, 5, 6]'
expect 'with it, but told not to use it' "$(sed -n 3p seen)" 'told [1, 2, 3, 4, 5, 6]'
expect 'an append and an attribute' "$(sed -n 4,5p seen)" 'plain [1, 2, 3, 4] [1, 2, 3, 4]
consolidated [1, 2, 3, 4] [1, 2]'
