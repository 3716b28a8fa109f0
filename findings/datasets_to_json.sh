#!/usr/bin/env bash
# datasets 5.2.0 (Hugging Face): `to_json` writes numbers with ten places behind the point and times in milliseconds: a probability of 1e-12 is 0.0 in the file,
# 1.25e-10 is 1e-10, and .123456 s is .123 s. `to_csv` and `to_parquet` keep them. Guess: the numbers of a data set come back from its own JSON lines, as they
# do with Python's json, but for what JSON has no notation for.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cat >probabilities.py <<'PY'
import pyarrow as pa
from datasets import Dataset, disable_progress_bars

disable_progress_bars()
data = Dataset(pa.table({'p': [1e-12, 1.25e-10, 0.1], 't': pa.array([1704067200123456] * 3, pa.timestamp('us'))}))
for kind in ('json', 'csv', 'parquet'):
    getattr(data, f'to_{kind}')(f'data.{kind}')
    back = getattr(Dataset, f'from_{kind}')(f'data.{kind}', cache_dir='cache')
    print(kind, back['p'][:], back['t'][0])
PY
HF_HUB_OFFLINE=1 HF_HOME="$FOLDER/hub" python -W ignore probabilities.py >seen
expect 'JSON lines and back' "$(sed -n 1p seen)" 'json [0.0, 1e-10, 0.1] 1704067200123'
expect 'CSV and Parquet and back' "$(sed -n 2,3p seen)" 'csv [1e-12, 1.25e-10, 0.1] 2024-01-01 00:00:00.123456
parquet [1e-12, 1.25e-10, 0.1] 2024-01-01 00:00:00.123456'
