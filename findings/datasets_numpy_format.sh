#!/usr/bin/env bash
# datasets 5.2.0 (Hugging Face): in the format `numpy`, a row's numbers are those of the data set, but a batch's are made int64 and float32:
# 18446744073709551615 of a column of uint64 becomes -1, and the whole number 16777217 becomes 16777216 where another of its batch is missing (it stays itself
# where none is). A batched `map` writes -1 into the new data set, the same `map` by rows what is right. Guess: rows and batches of a data set have the same
# numbers, and an integer that does not fit is refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cat >formats.py <<'PY'
import pyarrow as pa
from datasets import Dataset, disable_progress_bars

disable_progress_bars()
data = Dataset(pa.table({
    'hash': pa.array([2**64 - 1, 5], 'uint64'), 'whole': [16777217, 1], 'missing': [16777217, None], 'double': [16777217.0, 0.5],
}))
arrays = data.with_format('numpy')
for name in data.column_names:
    batch = arrays[0:2][name]
    print(name, int(arrays[0][name]), int(batch[0]), batch.dtype)
for batched in (False, True):
    copied = arrays.map(lambda row: {'copy': row['hash']}, batched=batched)
    print(copied.with_format(None)['copy'][:])
PY
HF_HUB_OFFLINE=1 HF_HOME="$FOLDER/hub" python -W ignore formats.py >seen
expect 'of a row, of a batch' "$(sed -n 1,4p seen)" 'hash 18446744073709551615 -1 int64
whole 16777217 16777217 int64
missing 16777217 16777216 float32
double 16777217 16777216 float32'
expect 'mapped by rows and in batches' "$(sed -n 5,6p seen)" '[18446744073709551615, 5]
[-1, 5]'
