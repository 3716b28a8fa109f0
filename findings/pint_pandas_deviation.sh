#!/usr/bin/env bash
# pint-pandas 0.8.0's standard deviation of temperatures is a temperature and not a difference of temperatures: of 10 and 20 degrees Celsius it is 7.07 °C,
# which is 280.2 K and 44.7 F when converted, where the same two as kelvin have 7.07 K and as Fahrenheit 12.7 F; the standard error too, also of groups. The
# difference of the greatest and the least is one of `delta_degree_Celsius`, and so is the variance of groups. Guess: a difference, that converts to 7.07 K.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pint-pandas==0.8.0 pint==0.25.3 pandas==3.1.1 numpy==2.4.6
cat >deviation.py <<'PY'
import pandas as pd
import pint_pandas

assert pint_pandas
times = pd.DataFrame({'place': [1, 1], 'warmth': pd.Series([10.0, 20.0], dtype='pint[degC]')})
warmth = times['warmth']
shown = lambda quantity: f'{quantity.m:.2f} {quantity.u}'
print(*map(shown, (warmth.std(), warmth.std().to('kelvin'), warmth.std().to('degF'), warmth.sem())), sep=', ')
print(*map(shown, (warmth.pint.to('kelvin').std(), warmth.pint.to('degF').std())), sep=', ')
print(shown(times.groupby('place')['warmth'].std().pint.to('kelvin').iloc[0]), shown(warmth.max() - warmth.min()), sep=', ')
PY
python -W ignore deviation.py >seen
expect 'deviation, as K, as F, standard error' "$(sed -n 1p seen)" '7.07 degree_Celsius, 280.22 kelvin, 44.73 degree_Fahrenheit, 5.00 degree_Celsius'
expect 'of the same in K, in F' "$(sed -n 2p seen)" '7.07 kelvin, 12.73 degree_Fahrenheit'
expect 'of a group as K, greatest less least' "$(sed -n 3p seen)" '280.22 kelvin, 10.00 delta_degree_Celsius'
