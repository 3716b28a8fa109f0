#!/usr/bin/env bash
# statsmodels 0.15.0's `extend` lets a linear trend begin anew: an `ARIMA` of a series that rises by 1 a step to 100 forecasts 41 next after one `extend`, and a
# `SARIMAX` of the same 71 after two, as each counts only the observations of the piece before it. `append` and `apply`, and one `extend` of `SARIMAX`,
# forecast 101. Guess: `extend` forecasts as `append` does, from which it differs, as documented, in the results that it keeps.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages statsmodels==0.15.0 pandas==3.0.6 numpy==2.4.6 scipy==1.17.1
cat >forecast.py <<'PY'
import numpy as np
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.sarimax import SARIMAX

series = np.arange(1.0, 101.0)
for model, parameters in (ARIMA, [0, 1, 0.5, 1]), (SARIMAX, [1, 0.5, 0.5, 1]):
    results = model(series[:60], order=(1, 0, 0), trend='ct').smooth(parameters)
    for longer in (
        results.apply(series),
        results.append(series[60:80]).append(series[80:]),
        results.extend(series[60:]),
        results.extend(series[60:80]).extend(series[80:]),
    ):
        print(longer.forecast(1)[0].round(1), end=' ')
PY
expect 'next value by apply, append twice, extend, extend twice; of ARIMA and SARIMAX' "$(python -W ignore forecast.py)" \
    '101.0 101.0 41.0 51.0 101.0 101.0 101.0 71.0 '
