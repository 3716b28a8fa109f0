#!/usr/bin/env bash
# xarray 2026.9.0 writes numbers packed as they were in the first file, whatever they are by now: two files of 16-bit integers, in steps of 0.01 and of 0.1,
# are read and concatenated rightly, and written so that 400.2 is read as -255.16, as 40020 wraps, without a word; so is a number that is set to 500. `where`
# and arithmetic drop the packing, `concat`, `merge`, `isel` and `x[0] = ...` keep it. Guess: what does not fit is refused, or packed anew.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages xarray==2026.9.0 netCDF4==1.7.5.1.post1 numpy==2.4.6 pandas==3.1.1
cat >packed.py <<'PY'
import numpy as np
import pandas as pd
import xarray as xr


def write(name, first, values, step):
    days = pd.date_range(first, periods=len(values))
    packing = {'dtype': 'int16', 'scale_factor': step, '_FillValue': -32768}
    xr.Dataset({'degrees': ('time', values)}, {'time': days}).to_netcdf(name, encoding={'degrees': packing})


def through(rows):
    rows.to_netcdf('out.nc')
    return np.round(xr.load_dataset('out.nc')['degrees'].values, 2).tolist()


write('fine.nc', '2024-01-01', [1.5, 2.25], 0.01)
write('coarse.nc', '2024-01-03', [400.2, -350.5], 0.1)
files = [xr.load_dataset('fine.nc'), xr.load_dataset('coarse.nc')]
for rows in xr.concat(files, 'time'), xr.concat(files[::-1], 'time'):
    print(np.round(rows['degrees'].values, 2).tolist(), through(rows), end='; ')
print()
rows = files[0]
rows['degrees'][0] = 500.0
print(through(rows), through(rows + 0))
PY
python -W error packed.py >seen
expect 'concatenated, and after writing, of fine and coarse, and of coarse and fine' "$(sed -n 1p seen)" \
    '[1.5, 2.25, 400.2, -350.5] [1.5, 2.25, -255.16, 304.86]; [400.2, -350.5, 1.5, 2.25] [400.2, -350.5, 1.5, 2.2]; '
expect '500 set, as it is and after adding 0' "$(sed -n 2p seen)" '[-155.36, 2.25] [500.0, 2.25]'
