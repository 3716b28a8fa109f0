#!/usr/bin/env bash
# awkward 2.14.0 reads a slice of pyarrow 26.0.1's arrays with the nulls of the first rows of the whole: of 1, null, 3, null, 5 from the second row on it
# makes 0, null, 0, null. So what is null is 0, '' or False, and what is there is null, of numbers, texts, lists, structures and categories; batches of a
# table (`to_batches`) are such slices. Slices without nulls, and those from the first row on, are right. Guess: it reads what pyarrow has in the slice.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages awkward==2.14.0 pyarrow==26.0.1 numpy==2.4.6
cat >slices.py <<'PY'
import awkward
import pyarrow as pa

texts, lists, flags = ['a', None, 'c', None, 'e'], [[1], None, [3], None, [5]], [True, None, True, None, True]
table = pa.table({'x': [1, None, 3, None, 5], 'text': texts, 'list': lists, 'flag': flags})
for name in table.column_names:
    for start in (0, 1):
        array = table[name].chunk(0).slice(start)
        print(name, start, awkward.from_arrow(array).to_list(), array.to_pylist())
batch = table.select(['x']).to_batches(max_chunksize=3)[1]
print([row['x'] for row in awkward.from_arrow(batch).to_list()], batch['x'].to_pylist())
print(awkward.from_arrow(pa.array([1, 2, 3, 4, 5]).slice(1)).to_list())
PY
python slices.py >seen
expect 'column, from which row; awkward, pyarrow' "$(head -n 8 seen)" "x 0 [1, None, 3, None, 5] [1, None, 3, None, 5]
x 1 [0, None, 0, None] [None, 3, None, 5]
text 0 ['a', None, 'c', None, 'e'] ['a', None, 'c', None, 'e']
text 1 ['', None, '', None] [None, 'c', None, 'e']
list 0 [[1], None, [3], None, [5]] [[1], None, [3], None, [5]]
list 1 [[], None, [], None] [None, [3], None, [5]]
flag 0 [True, None, True, None, True] [True, None, True, None, True]
flag 1 [False, None, False, None] [None, True, None, True]"
expect 'the second batch of three rows' "$(sed -n 9p seen)" '[0, None] [None, 5]'
expect 'without nulls' "$(sed -n 10p seen)" '[2, 3, 4, 5]'
