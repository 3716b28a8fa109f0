#!/usr/bin/env bash
# polars-ds 0.13.0 subtracts unsigned predictions as they are: `query_l1` of counts, which Polars has as UInt32, is 858993459 where it is 1 for Int64, while
# `query_l2` is right. And a row without a prediction counts in the number of rows, and in what R2 compares with, but not among the errors: an R2 of 0.75
# becomes 0.9999 by one such row, and mean errors get smaller, where `query_mape` leaves the row out.
# Guess: errors are those of the numbers, and all errors take a missing prediction alike.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-ds==0.13.0 polars==2.1.0
cat >errors.py <<'PY'
import polars as pl
import polars_ds as pds


def errors(rows, *names):
    return [round(rows.select(getattr(pds, name)('actual', 'pred')).item(), 4) for name in names]


counts = pl.DataFrame({'actual': [3, 5, 8, 10, 2], 'pred': [4, 5, 7, 12, 1]})
for kind in pl.Int64, pl.UInt32, pl.UInt8:
    print(kind, errors(counts.cast(kind), 'query_l1', 'query_l2', 'query_smape'), end='; ')
print()
rows = pl.DataFrame({'actual': [1.0, 2.0, 3.0, 100.0], 'pred': [1.5, 2.0, 2.5, None]})
for frame in rows.drop_nulls(), rows:
    print(errors(frame, 'query_r2', 'query_l1', 'query_l2', 'query_mape'), end='; ')
PY
python errors.py >seen
expect 'mean absolute, mean squared and symmetric relative error of counts' "$(sed -n 1p seen)" \
    'Int64 [1.0, 1.4, 0.1268]; UInt32 [858993459.0, 1.4, 161758508.5839]; UInt8 [102.2, 1.4, 9.6748]; '
expect 'R2, absolute, squared, relative error without and with a row without prediction' "$(sed -n 2p seen)" \
    '[0.75, 0.3333, 0.1667, 0.2222]; [0.9999, 0.25, 0.125, 0.2222]; '
