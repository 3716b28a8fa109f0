#!/usr/bin/env bash
# pyiceberg 0.12.0: `delete(filter)` deletes other rows than `scan(row_filter=filter)` finds, by how rows lie in files. Within a file it keeps the rows of which
# the filter does not hold, and beside them all with NaN or null; a file whose statistics say that all rows match is dropped whole, and one of nulls alone
# matches `!=`. So `country != 'de'` leaves the row without a country in one file, and deletes it where it has a file to itself; a scan finds it in neither.
# And `x not in (1, 2)` finds NaN and null, and still finds them after they were to be deleted. Guess: a delete removes what a scan of its filter finds.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'pyiceberg[pyarrow,sql-sqlite]==0.12.0' pyarrow==26.0.1
cat >delete.py <<'PY'
import os

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

catalog = SqlCatalog('catalog', uri='sqlite:///catalog.db', warehouse=f'file://{os.getcwd()}/data')
catalog.create_namespace('n')
rows = pa.table({'i': [0, 1, 2, 3], 'country': ['de', 'fr', None, 'de'], 'x': [1.0, 200.0, None, float('nan')]})


def found(table, *filters):
    return sorted(table.scan(*filters).to_arrow()['i'].to_pylist())


for number, condition in enumerate(["country = 'fr'", "country != 'de'", 'x not in (1, 2)']):
    for files in (1, 4):
        table = catalog.create_table(f'n.t{number}_{files}', schema=rows.schema)
        for first in range(0, 4, 4 // files):
            table.append(rows.slice(first, 4 // files))
        scanned = found(table, condition)
        table.delete(condition)
        print(files, scanned, found(table), found(table, condition))
PY
python -W ignore delete.py >seen
expect "found, left, found again of country = 'fr'" "$(sed -n 1,2p seen)" '1 [1] [0, 2, 3] []
4 [1] [0, 2, 3] []'
expect "of country != 'de'" "$(sed -n 3,4p seen)" '1 [1] [0, 2, 3] []
4 [1] [0, 3] []'
expect 'of x not in (1, 2)' "$(sed -n 5,6p seen)" '1 [1, 2, 3] [0, 2, 3] [2, 3]
4 [1, 2, 3] [0, 3] [3]'
