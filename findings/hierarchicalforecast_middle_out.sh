#!/usr/bin/env bash
# hierarchicalforecast 1.5.3's `MiddleOut` adds the middle level up to the levels above in another order than its own: by the rows of the summing matrix, not by
# names. Stores Aachen and Celle in the north and Berg in the south, as `aggregate` writes them (stores sorted by name): forecasts that add up already, 41 for
# the north and 700 for the south, become 730 (Aachen and Berg) and 11 (Celle). With the stores named by zone, sorted by it then, all is left as it was, and
# `BottomUp` is right with both. Guess: what is coherent stays as it is, and what comes out is coherent, whatever the stores are called.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages hierarchicalforecast==1.5.3 pandas==3.1.1 numpy==2.4.6
cat >stores.py <<'PY'
import pandas as pd
from hierarchicalforecast.core import HierarchicalReconciliation
from hierarchicalforecast.methods import BottomUp, MiddleOut
from hierarchicalforecast.utils import aggregate

sold = {'north Aachen x': 10, 'north Aachen y': 20, 'south Berg x': 300, 'south Berg y': 400, 'north Celle x': 5, 'north Celle y': 6}
days = pd.date_range('2024-01-01', periods=3)
rows = [(*key.split(), day, float(number)) for key, number in sold.items() for day in days]
rows = pd.DataFrame(rows, columns=['zone', 'store', 'item', 'ds', 'y'])
for middle in (['store'], ['zone', 'store']):
    series, summing, tags = aggregate(rows, [['zone'], middle, ['zone', 'store', 'item']])
    forecasts = series[series['ds'] == days[-1]].rename(columns={'y': 'model'}).assign(ds=pd.Timestamp('2024-01-04'))
    for method in (MiddleOut('/'.join(middle), 'average_proportions'), BottomUp()):
        answer = HierarchicalReconciliation([method]).reconcile(Y_hat_df=forecasts, Y_df=series, S_df=summing, tags=tags)
        zones = dict(zip(answer['unique_id'][:5], answer.iloc[:5, -1].round(6).tolist()))
        print(type(method).__name__, zones)
PY
python -W ignore stores.py >seen
expect 'stores named by themselves' "$(head -n 2 seen)" "MiddleOut {'north': 730.0, 'south': 11.0, 'Aachen': 30.0, 'Berg': 700.0, 'Celle': 11.0}
BottomUp {'north': 41.0, 'south': 700.0, 'Aachen': 30.0, 'Berg': 700.0, 'Celle': 11.0}"
expect 'by their zones' "$(tail -n 2 seen)" "MiddleOut {'north': 41.0, 'south': 700.0, 'north/Aachen': 30.0, 'north/Celle': 11.0, 'south/Berg': 700.0}
BottomUp {'north': 41.0, 'south': 700.0, 'north/Aachen': 30.0, 'north/Celle': 11.0, 'south/Berg': 700.0}"
