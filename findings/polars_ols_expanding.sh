#!/usr/bin/env bash
# polars-ols 0.3.5's `expanding_ols` is not ordinary least squares of the rows so far: it begins from coefficients of 0 with a spread of 10 and draws
# towards them. Of 1002, 1004 and so on, an exact line, it predicts 954.3, 1056.5, 1056.5, 1050.2 and 1045.5, where a line through the rows so far has each
# of them, as `ols` of the first n rows has in the same package and as `rolling_ols` of all rows has. Guess: 1006, 1008 and 1010 from the third row on.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-ols==0.3.5 polars==1.44.2 numpy==2.4.6
cat >expanding.py <<'PY'
import polars as pl
import polars_ols

assert polars_ols
rows = pl.DataFrame({'y': [1002.0, 1004.0, 1006.0, 1008.0, 1010.0], 'x': [1.0, 2.0, 3.0, 4.0, 5.0]})
options = dict(add_intercept=True, mode='predictions')
least = pl.col('y').least_squares
print(*(f'{value:.1f}' for value in rows.select(least.expanding_ols('x', **options)).to_series()))
print(*(f"{rows[:n].select(least.ols('x', **options)).to_series()[-1]:.1f}" for n in range(3, 6)))
print(f"{rows.select(least.rolling_ols('x', window_size=5, **options)).to_series()[-1]:.1f}")
PY
python -W ignore expanding.py >seen
expect 'expanding_ols' "$(sed -n 1p seen)" '954.3 1056.5 1056.5 1050.2 1045.5'
expect 'ols of the first 3, 4 and 5 rows' "$(sed -n 2p seen)" '1006.0 1008.0 1010.0'
expect 'rolling_ols of 5' "$(sed -n 3p seen)" '1010.0'
