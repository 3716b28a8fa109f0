#!/usr/bin/env bash
# polars-ds 0.13.0's `weighted_hmean` answers the mean of the weights, whatever the numbers are, as it multiplies each number and not its weight by the number's
# reciprocal: 2 for 1, 3 and 300. Its `query_adj_r2` divides by n - p where p is documented as the number of explanatory variables, for which it is
# n - p - 1: for one variable nothing is adjusted. Guess: both are what the textbooks call so.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-ds==0.13.0 polars==2.1.0
cat >formulas.py <<'PY'
import polars as pl
import polars_ds as pds

for numbers in [1.0, 2.0, 4.0], [1.0, 3.0, 300.0]:
    rows = pl.DataFrame({'x': numbers, 'w': [1.0, 2.0, 3.0]})
    reciprocals = sum(weight / number for number, weight in rows.iter_rows())
    print(rows.select(pds.weighted_hmean('x', 'w')).item(), round(6 / reciprocals, 4), end='; ')
rows = pl.DataFrame({'y': [1.0, 2.0, 3.0, 4.0], 'fit': [1.3, 1.6, 3.4, 3.7]})
r2 = rows.select(pds.query_r2('y', 'fit')).item()
print(round(r2, 4), round(rows.select(pds.query_adj_r2('y', 'fit', p=1)).item(), 4), round(1 - (1 - r2) * 3 / 2, 4))
PY
expect 'weighted harmonic means, each by hand; R2 of four rows, adjusted for one variable, by hand' "$(python formulas.py)" \
    '2.0 2.1818; 2.0 3.5785; 0.9 0.9 0.85'
