#!/usr/bin/env bash
# feature-engine 1.9.4's `DropHighPSIFeatures`, at its defaults, finds a stability index of 0 for a numeric feature of zeros and ones, and for one that is
# constant in the reference, wherever they go: its bins of equal frequency have their edges at quantiles of the reference, which are all 0 or 1 there, the
# outermost edges become infinities, and what is left is one bin for all numbers. A flag that is 1 in 15 % of the reference and in 85 % of what
# comes later is kept. The same flag as text, or in bins of equal width, has 2.43. Guess: a drift that the same transformer sees in two other ways is seen.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages feature-engine==1.9.4 pandas==3.1.1 numpy==2.4.6 scikit-learn==1.9.1
cat >index.py <<'PY'
import numpy as np
import pandas as pd
from feature_engine.selection import DropHighPSIFeatures


def flags(ones):
    return [1] * ones + [0] * (1000 - ones)


rows = pd.DataFrame({
    'order': range(2000),
    'flag': flags(150) + flags(850),
    'rare': flags(50) + flags(950),
    'constant': [0.0] * 1000 + np.linspace(5, 9, 1000).tolist(),
    'number': np.r_[np.linspace(0, 1, 1000), np.linspace(0.5, 1.5, 1000)],
})
text = rows[['order']].assign(flag=rows['flag'].map({0: 'no', 1: 'yes'}))
for what, frame, options in [
    ('defaults', rows, {}),
    ('equal width', rows, {'strategy': 'equal_width'}),
    ('text', text, {'variables': ['flag']}),
]:
    chosen = DropHighPSIFeatures(split_col='order', split_frac=0.5, **options).fit(frame)
    print(f'{what}:', *(f'{name} {index:.2f}' for name, index in chosen.psi_values_.items()), '- dropped:', *chosen.features_to_drop_)
PY
python -W ignore index.py >indices
expect 'indices at the defaults' "$(sed -n 1p indices)" 'defaults: flag 0.00 rare 0.00 constant 0.00 number 4.11 - dropped: number'
expect 'indices in bins of equal width' "$(sed -n 2p indices)" 'equal width: flag 2.43 rare 5.30 constant 18.42 number 4.11 - dropped: flag rare constant number'
expect 'index of texts' "$(sed -n 3p indices)" 'text: flag 2.43 - dropped: flag'
