#!/usr/bin/env bash
# skforecast 0.26.0's `RollingFeatures` have no value in training where a day of the window is missing, and are made of the days that are there when the same
# window is asked about: the sum of three days is then that of two, 21 for days of 10 and 11, and a model gets numbers in rows of which it learned that there are
# none. Guess: the features of a window are the same in training and in forecasting, NaN or of the days that are there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages skforecast==0.26.0 scikit-learn==1.9.1 pandas==2.3.3 numpy==2.4.6
cat >rolling.py <<'PY'
import numpy as np
import pandas as pd
from skforecast.preprocessing import RollingFeatures
from skforecast.recursive import ForecasterRecursive
from sklearn.ensemble import HistGradientBoostingRegressor

# 30 days on which 1 to 30 were sold, of which the 12th is missing.
sold = pd.Series(np.arange(1.0, 31.0), index=pd.date_range('2024-01-01', periods=30))
sold.iloc[11] = np.nan
window = RollingFeatures(stats=['mean', 'sum', 'min'], window_sizes=3)
forecaster = ForecasterRecursive(HistGradientBoostingRegressor(random_state=0), lags=3, window_features=window)
names = ['roll_mean_3', 'roll_sum_3', 'roll_min_3']
trained, _ = forecaster.create_train_X_y(sold)
forecaster.fit(sold)
for day in '2024-01-11', '2024-01-13', '2024-01-14', '2024-01-15', '2024-01-16':
    before = sold[: pd.Timestamp(day) - pd.Timedelta(days=1)].iloc[-3:]
    asked = forecaster.create_predict_X(steps=1, last_window=before)
    print(day[-2:], *trained.loc[day, names], 'and', *asked[names].iloc[0])
PY
python -W ignore rolling.py >seen
for row in '11 9.0 27.0 8.0 and 9.0 27.0 8.0' '13 nan nan nan and 10.5 21.0 10.0' '14 nan nan nan and 12.0 24.0 11.0' '15 nan nan nan and 13.5 27.0 13.0' \
    '16 14.0 42.0 13.0 and 14.0 42.0 13.0'; do
    expect 'mean, sum and least of the three days before one, in training and in forecasting' "$(grep "^${row%% *} " seen)" "$row"
done
