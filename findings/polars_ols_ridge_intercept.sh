#!/usr/bin/env bash
# polars-ols 0.3.5's `ridge` with `add_intercept=True` penalises the intercept as it does the slope: of 1002 to 1010 that rise by 2 a step it makes a slope
# of 137.03 and an intercept of 495.77 with alpha=1, where scikit-learn's `Ridge` has 1.82 and 1000.55. Without a penalty both have 2 and 1000. Guess: the
# intercept is free, as in scikit-learn and glmnet, so that y + 1000 has the slope that y has.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-ols==0.3.5 polars==1.44.2 numpy==2.4.6 scikit-learn==1.9.1
cat >ridge.py <<'PY'
import polars as pl
import polars_ols
from sklearn.linear_model import Ridge

assert polars_ols
rows = pl.DataFrame({'y': [1002.0, 1004.0, 1006.0, 1008.0, 1010.0], 'x': [1.0, 2.0, 3.0, 4.0, 5.0]})
for alpha in (1.0, 1e-9):
    answer = rows.select(pl.col('y').least_squares.ridge('x', alpha=alpha, add_intercept=True, mode='coefficients')).item(0, 0)
    free = Ridge(alpha=alpha).fit(rows.select('x').to_numpy(), rows['y'].to_numpy())
    print(f"{alpha} {answer['x']:.2f} {answer['const']:.2f}, {free.coef_[0]:.2f} {free.intercept_:.2f}")
PY
python -W ignore ridge.py >seen
expect 'alpha, slope and intercept of polars-ols, of scikit-learn' "$(cat seen)" '1.0 137.03 495.77, 1.82 1000.55
1e-09 2.00 1000.00, 2.00 1000.00'
