#!/usr/bin/env bash
# dlt 1.31.0 fits numbers into a column of booleans, where 5 and 2.5 become True, and into one of times, where the year 2024 is 34 minutes behind the start of 1970;
# a column of dates keeps the day of a time alone. The other way round, a boolean among integers gets a column of its own (`x__v_bool`), as documented for
# values that do not fit, so that what is kept depends on which row comes first. `schema_contract={'data_type': 'freeze'}` lets the same values pass.
# Guess: a value that its column's type cannot hold gets a column of its own, and is refused where types are frozen.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'dlt[duckdb]==1.31.0' duckdb==2.0.1
cat >load.py <<'PY'
from datetime import date, datetime

import dlt
import duckdb

for contract in 'evolve', 'freeze':
    database = f'{contract}.duckdb'
    pipeline = dlt.pipeline(contract, destination=dlt.destinations.duckdb(database), dataset_name='data', pipelines_dir='state')
    for table, first, later in (
        ('flags', [True], [5, 2.5, 0]),
        ('times', [datetime(2024, 1, 1)], [2024]),
        ('days', [date(2024, 1, 1)], [datetime(2024, 5, 6, 23, 59)]),
        ('counts', [5], [True]),
    ):
        pipeline.run([{'x': x} for x in first], table_name=table)
        try:
            pipeline.run([{'x': x} for x in later], table_name=table, schema_contract={'data_type': contract})
        except Exception as error:
            print(table, 'refused', end='; ')
            pipeline.abort_packages()
            continue
        with duckdb.connect(database) as connection:
            rows = connection.execute(f'select * exclude (_dlt_load_id, _dlt_id) from data.{table}').fetchall()
        print(table, *('|'.join(map(str, row)) for row in rows), end='; ')
    print()
PY
HOME=$FOLDER RUNTIME__DLTHUB_TELEMETRY=false TZ=UTC python -W ignore load.py 2>log >seen || cat log
expect 'loaded' "$(sed -n 1p seen)" \
    'flags True True True False; times 2024-01-01 00:00:00+00:00 1970-01-01 00:33:44+00:00; days 2024-01-01 2024-05-06; counts 5|None None|True; '
expect 'loaded with frozen types' "$(sed -n 2p seen)" \
    'flags True True True False; times 2024-01-01 00:00:00+00:00 1970-01-01 00:33:44+00:00; days 2024-01-01 2024-05-06; counts refused; '
