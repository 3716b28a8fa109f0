#!/usr/bin/env bash
# utilsforecast 0.2.17's `wape` and `nd` of a pandas frame divide by all actual values, also by those without a forecast, whose errors they leave out: a model
# without any forecast has an error of 0, the best there is, and a model gets better by forecasts that it lacks. `mae` and the other means leave the rows out,
# and say NaN for none; in Polars NaN gives NaN. And the errors of counts that are unsigned wrap, in pandas and in Polars, in `mae` and what builds on it, not in `mse`.
# Guess: all errors leave rows without a forecast out alike, and an error is the numbers', whatever their type.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages utilsforecast==0.2.17 pandas==3.1.1 numpy==2.4.6 polars==2.1.0
cat >errors.py <<'PY'
import pandas as pd
import polars as pl
from utilsforecast.losses import mae, mse, nd, wape

missing = float('nan')
actual = [1, 2, 3, 4]
rows = pd.DataFrame({'unique_id': 'a', 'ds': actual, 'y': [1.0, 2.0, 3.0, 4.0], 'all': [2.0, 2.0, 4.0, 6.0], 'half': [2.0, 2.0, missing, missing], 'none': [missing] * 4})
for error in mae, wape, nd:
    print(error.__name__, [round(float(x), 4) for x in error(rows, ['all', 'half', 'none']).iloc[0, 1:]], end='; ')
print()
counts = {'unique_id': ['a'] * 4, 'ds': actual, 'y': actual, 'model': [2, 2, 4, 6]}
for name, frame in (
    ('int64', pd.DataFrame(counts)),
    ('uint8', pd.DataFrame(counts).astype({'y': 'uint8', 'model': 'uint8'})),
    ('UInt32', pl.DataFrame(counts).with_columns(pl.col('y', 'model').cast(pl.UInt32))),
):
    print(name, [round(float(error(frame, ['model'])['model'][0]), 4) for error in (mae, wape, mse)], end='; ')
PY
python errors.py >seen
expect 'errors of a model with all, half and none of the forecasts' "$(sed -n 1p seen)" 'mae [1.0, 0.5, nan]; wape [0.4, 0.1, 0.0]; nd [0.4, 0.1, 0.0]; '
expect 'mae, wape and mse of counts' "$(sed -n 2p seen)" 'int64 [1.0, 0.4, 1.5]; uint8 [191.0, 76.4, 1.5]; UInt32 [3221225471.0, 429496729.2, 1.5]; '
