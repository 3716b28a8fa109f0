#!/usr/bin/env bash
# joblib 1.6.0's `Memory` and `hash` take the two hours for one that a clock shows twice when summer time ends: a function asked for 2:30 the first time on
# 27 October 2024 in Berlin, and then for 2:30 the second time, an hour later, hands out what it made of the first. They differ in `fold`, which Python's
# pickles have from protocol 4 on and joblib's hash, of protocol 3, has not. pandas' times are kept apart. Guess: times that are an hour apart are not the
# same.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages joblib==1.6.0 pandas==3.1.1 numpy==2.4.6
cat >hour.py <<'PY'
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import joblib
import pandas as pd

first = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo('Europe/Berlin'))
second = first.replace(fold=1)


def universal(time):
    return time.astimezone(timezone.utc).strftime('%H:%M')


cached = joblib.Memory('cache', verbose=0).cache(universal)
print(universal(first), universal(second), cached(first), cached(second))
print(joblib.hash(first) == joblib.hash(second), joblib.hash(pd.Timestamp(first)) == joblib.hash(pd.Timestamp(second)))
PY
python hour.py >seen
expect 'without a cache, with one' "$(sed -n 1p seen)" '00:30 01:30 00:30 00:30'
expect 'equal hashes of datetime, of pandas' "$(sed -n 2p seen)" 'True False'
