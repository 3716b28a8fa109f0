#!/usr/bin/env bash
# RDT 1.19.0 (the reversible transforms that SDV's synthesizers stand on) beside pandas 3: dates of 2024 come back as days of January 1970, of a column of dates
# as well as of texts with a format, and nothing is said. It counts in nanoseconds what pandas 3 keeps in microseconds. With pandas 2.3.3 they come back.
# Guess: what is transformed and reversed comes back, as its documentation says, with every pandas that its requirements allow.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages rdt==1.19.0 pandas==3.0.6 numpy==2.3.5
cat >dates.py <<'PY'
import pandas as pd
from rdt.transformers import UnixTimestampEncoder

text = ['2024-01-01 00:00', '2024-06-01 12:00']
for column, options in [(pd.to_datetime(text), {}), (text, {'datetime_format': '%Y-%m-%d %H:%M'})]:
    encoder = UnixTimestampEncoder(**options)
    rows = pd.DataFrame({'t': column})
    print(*(str(value) for value in encoder.reverse_transform(encoder.fit_transform(rows, 't'))['t']), sep=', ', end='; ')
PY
expect 'pandas 3.0.6' "$(python -W ignore dates.py)" '1970-01-20 17:21:07, 1970-01-20 21:00:43; 1970-01-20 17:21, 1970-01-20 21:00; '
python -m pip install --quiet --disable-pip-version-check pandas==2.3.3
expect 'pandas 2.3.3' "$(python -W ignore dates.py)" '2024-01-01 00:00:00, 2024-06-01 12:00:00; 2024-01-01 00:00, 2024-06-01 12:00; '
