#!/usr/bin/env bash
# fastparquet 2026.9.0 beside pandas 3.1.1, whose times are of microseconds unless told otherwise: `times='int96'` writes the microseconds where nanoseconds
# belong, so that 6 May 2024 is a day of January 1970 for every reader; an hour in `timedelta64[s]` is written as 3.6 ms; and dates outside of 1677 to
# 2262, which other writers put into Parquet files, are read as other dates: 9999-12-31 as 1816-03-29, 1600-01-01 as 2184-07-20. All without a word.
# Guess: times come back as they were written, or are refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages fastparquet==2026.9.0 pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1
cat >times.py <<'PY'
import datetime

import fastparquet
import pandas as pd
import pyarrow.parquet as pq

time = pd.Series(pd.to_datetime(['2024-05-06 07:08:09']))
for unit in ('ns', time.dt.unit, 'ms'):
    for kind in ('int64', 'int96'):
        fastparquet.write('times.parquet', pd.DataFrame({'t': time.astype(f'datetime64[{unit}]')}), times=kind)
        print(unit, kind, fastparquet.ParquetFile('times.parquet').to_pandas()['t'][0], '|', pq.read_table('times.parquet')['t'][0].as_py())
for unit in ('ms', 's'):
    fastparquet.write('hours.parquet', pd.DataFrame({'t': pd.Series(pd.to_timedelta(['1h'])).astype(f'timedelta64[{unit}]')}))
    print(unit, fastparquet.ParquetFile('hours.parquet').to_pandas()['t'][0], '|', pq.read_table('hours.parquet')['t'][0].as_py())
dates = pd.DataFrame({'t': [datetime.date(1600, 1, 1), datetime.date(2024, 5, 6), datetime.date(9999, 12, 31)]})
dates.to_parquet('dates.parquet', engine='pyarrow')
for engine in ('pyarrow', 'fastparquet'):
    print(engine, *(str(pd.Timestamp(date))[:10] for date in pd.read_parquet('dates.parquet', engine=engine)['t']))
PY
python -W ignore times.py >seen
expect 'nanoseconds, read by fastparquet and by pyarrow' "$(sed -n 1,2p seen)" 'ns int64 2024-05-06 07:08:09 | 2024-05-06 07:08:09
ns int96 2024-05-06 07:08:09 | 2024-05-06 07:08:09'
expect 'microseconds, what pandas takes' "$(sed -n 3,4p seen)" 'us int64 2024-05-06 07:08:09 | 2024-05-06 07:08:09
us int96 1970-01-20 20:22:59.289000 | 1970-01-20 20:22:59.289000'
expect 'milliseconds' "$(sed -n 5,6p seen)" 'ms int64 2024-05-06 07:08:09 | 2024-05-06 07:08:09
ms int96 1970-01-01 00:28:34.979289 | 1970-01-01 00:28:34.979289'
expect 'an hour' "$(sed -n 7,8p seen)" 'ms 0 days 01:00:00 | 01:00:00
s 0 days 00:00:00 | 00:00:00.003600'
expect 'dates written by pyarrow' "$(sed -n 9,10p seen)" 'pyarrow 1600-01-01 2024-05-06 9999-12-31
fastparquet 2184-07-20 2024-05-06 1816-03-29'
