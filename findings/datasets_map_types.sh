#!/usr/bin/env bash
# datasets 5.2.0 (Hugging Face): the types of what a `map` returns are those of its first batch to be written, and what comes later is made to fit: counts 5 and
# 0 behind a batch of booleans become True and False, 0.5 is True, the texts '03' behind numbers are 3, a time of day behind dates is gone. In one batch they
# are 5 and 0. Which rows come first goes by `writer_batch_size`. And a column that is not in the first row is left out of all. Guess: a value that is of
# another type is refused, as 2.5 is behind integers, and a column that is missing from some rows is null there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cat >kinds.py <<'PY'
import datetime

import pyarrow as pa
from datasets import Dataset, disable_progress_bars

disable_progress_bars()
day, time = datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 12)


def mapped(values, size):
    try:
        column = Dataset.from_dict({'i': [0, 1, 2, 3]}).map(lambda row: {'x': values[row['i']]}, writer_batch_size=size)['x'][:]
    except pa.ArrowInvalid:
        return 'refused'
    return [str(value) for value in column]


for values in ([True, False, 5, 0], [True, False, 0.5, 0.0], [1, 2, '03', '4'], [day, day, time, time], [1, 2, 2.5, 3.5]):
    print(mapped(values, 2))
print(mapped([True, False, 5, 0], 4))
rows = Dataset.from_dict({'i': [0, 1]}).map(lambda row: {'first': 1} if row['i'] == 0 else {'first': 2, 'later': 3})
print(rows.column_names)
PY
HF_HUB_OFFLINE=1 HF_HOME="$FOLDER/hub" python -W ignore kinds.py >seen
expect 'booleans, then counts or floats' "$(sed -n 1,2p seen)" "['True', 'False', 'True', 'False']
['True', 'False', 'True', 'False']"
expect 'numbers, then texts; dates, then times' "$(sed -n 3,4p seen)" "['1', '2', '3', '4']
['2026-01-02', '2026-01-02', '2026-01-02', '2026-01-02']"
expect 'integers, then floats' "$(sed -n 5p seen)" 'refused'
expect 'booleans and counts in one batch' "$(sed -n 6p seen)" "['True', 'False', '5', '0']"
expect 'columns' "$(sed -n 7p seen)" "['i', 'first']"
