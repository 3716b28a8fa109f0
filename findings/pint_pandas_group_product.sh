#!/usr/bin/env bash
# pint-pandas 0.8.0's products of groups keep the unit of the factors: of 2 m and 3 m `groupby(...).prod()` makes 6 m, and as centimetres the same two make
# 60000 cm, which is 600 m; so too `cumprod` of groups and `prod` of `resample`, where `prod` and `cumprod` of the whole series are refused. The variance of
# groups has m ** 2. Guess: 6 m ** 2, or refused as without groups.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pint-pandas==0.8.0 pint==0.25.3 pandas==3.1.1 numpy==2.4.6
cat >products.py <<'PY'
import pandas as pd
import pint_pandas

assert pint_pandas
days = pd.date_range('2024-01-01', periods=2)
rows = pd.DataFrame({'group': [1, 1], 'side': pd.array([2.0, 3.0], dtype='pint[m]')}, index=days)
small = rows.assign(side=rows['side'].pint.to('cm'))
products = [frame.groupby('group')['side'].prod().iloc[0].to('m') for frame in (rows, small)]
print(*products, rows.groupby('group')['side'].cumprod().iloc[1], rows['side'].resample('2D').prod().iloc[0], sep=', ')
print(rows.groupby('group')['side'].var().iloc[0])
for name in ('prod', 'cumprod'):
    try:
        getattr(rows['side'], name)()
    except TypeError:
        print(name, 'refused')
PY
python -W ignore products.py >seen
expect 'of groups, of groups in cm, cumprod, resample' "$(sed -n 1p seen)" '6.0 meter, 600.0 meter, 6.0 meter, 6.0 meter'
expect 'variance' "$(sed -n 2p seen)" '0.5 meter ** 2'
expect 'without groups' "$(tail -n 2 seen)" 'prod refused
cumprod refused'
