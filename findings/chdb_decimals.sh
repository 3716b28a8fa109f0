#!/usr/bin/env bash
# chdb 4.4.0 reads a data frame's decimals, as databases' drivers hand them out, and NumPy's integers in a column of objects as texts, and compares them as
# such: of 9.50, 10.00 and 100.25 the greatest is 9.50 and the least 10.00, and they come in that order; so do 9, 10 and 1. Python's own integers and floats
# among objects are numbers, and pyarrow's decimals are decimals, of which the greatest is 100.25. Only a sum is refused. Guess: decimals are decimals, as
# DuckDB makes of the same frame.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages chdb==4.4.0 pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1 duckdb==2.0.1
cat >decimals.py <<'PY'
from decimal import Decimal

import chdb
import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

texts = ['9.50', '10.00', '100.25']
prices = pd.DataFrame({'x': [Decimal(text) for text in texts]})
counts = pd.DataFrame({'x': pd.Series([np.int64(number) for number in (9, 10, 1)], dtype=object)})
whole = pd.DataFrame({'x': pd.Series([9, 10, 1], dtype=object)})
table = pa.table({'x': prices['x'].tolist()})
for rows in (prices, counts, whole, table):
    kind, greatest, least, order = (
        str(chdb.query(f'select {what} from Python(rows)', 'TSV')).strip().replace(' ', '')
        for what in ('any(toTypeName(x))', 'max(x)', 'min(x)', "arrayStringConcat(arrayMap(y -> toString(y), arraySort(groupArray(x))), ',')")
    )
    print(type(rows).__name__, kind, greatest, least, order)
print(*duckdb.sql('select max(x), min(x), list(x order by x)::varchar from prices').fetchall()[0])
PY
python -W ignore decimals.py >seen
expect 'type, greatest, least, order' "$(head -n 4 seen)" 'DataFrame Nullable(String) 9.50 10.00 10.00,100.25,9.50
DataFrame Nullable(String) 9 1 1,10,9
DataFrame Nullable(Int32) 10 1 1,9,10
Table Nullable(Decimal(5,2)) 100.25 9.5 9.5,10,100.25'
expect 'DuckDB' "$(tail -n 1 seen)" '100.25 9.50 [9.50, 10.00, 100.25]'
