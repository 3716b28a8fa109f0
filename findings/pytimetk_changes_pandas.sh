#!/usr/bin/env bash
# Importing pytimetk 2.5.3 puts functions of its own in the place of `pandas.to_datetime` and `pandas.date_range`, for the whole process: what pandas 3.1.1 has
# in microseconds is in nanoseconds from then on, so that a day as an integer is 1000 times as long as before, and the year 3000 cannot be read any more, also
# not with `errors='coerce'`. Nobody has to call pytimetk for that. Guess: an import changes nothing of another package.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pytimetk==2.5.3 pandas==3.1.1 numpy==2.4.6
cat >times.py <<'PY'
import pandas as pd


def show():
    rows = pd.Series(['2024-01-01', '2024-01-02'])
    times = pd.to_datetime(rows)
    try:
        year = pd.to_datetime(pd.Series(['3000-01-01', 'unknown']), errors='coerce').dt.year.tolist()
    except pd.errors.OutOfBoundsDatetime:
        year = 'out of bounds'
    print(times.dtype, pd.date_range('2024-01-01', periods=1).dtype, times.astype('int64')[1] - times.astype('int64')[0], year)


show()
import pytimetk

show()
PY
python -W ignore times.py >seen
expect 'types of times, a day, and the year 3000, before' "$(sed -n 1p seen)" 'datetime64[us] datetime64[us] 86400000000 [3000.0, nan]'
expect 'after the import' "$(sed -n 2p seen)" 'datetime64[ns] datetime64[ns] 86400000000000 out of bounds'
