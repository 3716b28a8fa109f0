#!/usr/bin/env bash
# pandera 0.35.0's `drop_invalid_rows` drops, of a pandas data frame whose index has labels twice (as after `concat`), also each valid row that shares a label
# with an invalid one, without a word: of two files of three rows with one bad row, four rows are left. With `ignore_index=True` five are.
# Guess: rows that pass all checks stay.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pandera==0.35.0 pandas==3.0.6 numpy==2.4.6
cat >drop.py <<'PY'
import pandas as pd
import pandera.pandas as pa

schema = pa.DataFrameSchema({'x': pa.Column(float, pa.Check.gt(0))}, drop_invalid_rows=True)
files = [pd.DataFrame({'x': [1.0, 2.0, 3.0]}), pd.DataFrame({'x': [4.0, -5.0, 6.0]})]
for ignored in (False, True):
    print(schema.validate(pd.concat(files, ignore_index=ignored), lazy=True)['x'].tolist(), end='; ')
PY
expect 'rows left' "$(python -W ignore drop.py)" '[1.0, 3.0, 4.0, 6.0]; [1.0, 2.0, 3.0, 4.0, 6.0]; '
