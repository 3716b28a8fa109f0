#!/usr/bin/env bash
# pytimetk 2.5.3's `augment_expanding` of pandas' rows hands them out in an order that is neither that of the frame nor of the times, under the labels that the
# frame had: 'u' was a row of group b, and is one of group a, so that what is taken from it by label or by place, as by `frame['most'] = ...`, is other rows'.
# `augment_rolling` and `augment_ewm`, and `augment_expanding` in Polars, leave the rows where they were. Guess: as those.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pytimetk==2.5.3 pandas==3.1.1 numpy==2.4.6 polars==2.1.0
cat >rows.py <<'PY'
import pandas as pd
import pytimetk

frame = pd.DataFrame(
    {'group': list('bababa'), 'day': pd.to_datetime([f'2024-01-0{day}' for day in (3, 1, 1, 3, 2, 2)]), 'sold': [3.0, 10.0, 1.0, 30.0, 2.0, 20.0]},
    index=list('uvwxyz'),
)


def show(name, rows):
    print(name, *(f'{label}{row.group}{row.sold:g}' for label, row in rows.iterrows()), end='; ')


groups = frame.groupby('group')
show('given', frame)
show('rolling', pytimetk.augment_rolling(groups, 'day', 'sold', window=2, window_func='mean'))
show('ewm', pytimetk.augment_ewm(groups, 'day', 'sold', window_func='mean', alpha=0.5))
print()
expanding = pytimetk.augment_expanding(groups, 'day', 'sold', window_func='max')
show('expanding', expanding)
print()
frame['most'] = expanding['sold_expanding_max']
print((frame['most'] < frame['sold']).sum())
PY
python -W ignore rows.py >seen 2>log
expect 'label, group and number of rows' "$(sed -n 1p seen)" \
    'given ub3 va10 wb1 xa30 yb2 za20; rolling ub3 va10 wb1 xa30 yb2 za20; ewm ub3 va10 wb1 xa30 yb2 za20; '
expect 'of augment_expanding' "$(sed -n 2p seen)" 'expanding ua20 vb3 wa30 xb1 yb2 za10; '
expect 'rows above the most so far, of 6' "$(sed -n 3p seen)" '3'
