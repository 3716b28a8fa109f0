#!/usr/bin/env bash
# pytimetk 2.5.3's `filter_by_time` up to '2024-01' ends at the first instant of 31 January: of 744 hours of the month 721 are kept, and of 2024, up to '2024',
# all but 23 hours of its last day, though '2024' is said to become '2024-12-31', and '2024-01-31' is kept to its last hour. pandas' slices by the same texts
# keep all hours. Guess: a month as an end is kept whole, as a day is.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pytimetk==2.5.3 pandas==3.1.1 numpy==2.4.6 polars==2.1.0
cat >filter.py <<'PY'
import pandas as pd
import pytimetk

hours = pd.DataFrame({'time': pd.date_range('2024-01-01', '2024-12-31 23:00', freq='h'), 'sold': 1})
for start, end in ('2024-01-01', '2024-01-31'), ('2024-01', '2024-01'), ('2024', '2024'), ('2024-02', '2024-03'):
    kept = [len(pytimetk.filter_by_time(hours, 'time', start, end, engine=engine)) for engine in ('pandas', 'polars')]
    print(f'{start} to {end}:', *kept, len(hours.set_index('time').loc[start:end]), end='; ')
PY
python -W ignore filter.py >seen
expect 'hours kept in pandas, in Polars and by a slice' "$(cat seen)" '2024-01-01 to 2024-01-31: 744 744 744; 2024-01 to 2024-01: 721 721 744; '\
'2024 to 2024: 8761 8761 8784; 2024-02 to 2024-03: 1417 1417 1440; '
