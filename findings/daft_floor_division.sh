#!/usr/bin/env bash
# Daft 0.7.26's `//`, which it calls floor division, makes -3 of -7 // 2 where both are whole numbers, and -4 where one is a float; Python, NumPy and Polars
# make -4 of both. Days before 1970 thus get into other weeks by the type of their number. Guess: floor division goes down, whatever the type.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages daft==0.7.26 pyarrow==25.0.1 numpy==2.4.6 polars==2.1.0
cat >divide.py <<'PY'
import daft
import numpy as np
import polars as pl
from daft import col, lit

numbers = {'x': [7, -7, -1, -8]}
rows = daft.from_pydict(numbers)
for divisor in 2, 2.0:
    print(rows.select((col('x') // lit(divisor)).alias('half')).to_pydict()['half'], end=' ')
print(daft.sql('select x // 2 as half from rows', rows=rows).to_pydict()['half'])
print(pl.DataFrame(numbers).select(pl.col('x') // 2)['x'].to_list(), (np.array(numbers['x']) // 2).tolist(), [x // 2 for x in numbers['x']])
PY
python -W ignore divide.py >seen
expect '7, -7, -1 and -8 by 2, by 2.0, and in SQL' "$(sed -n 1p seen)" '[3, -3, 0, -4] [3.0, -4.0, -1.0, -4.0] [3, -3, 0, -4]'
expect 'in Polars, NumPy and Python' "$(sed -n 2p seen)" '[3, -4, -1, -4] [3, -4, -1, -4] [3, -4, -1, -4]'
