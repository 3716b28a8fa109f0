#!/usr/bin/env bash
# sqlglot 30.30.0's `optimize` makes FALSE of comparisons of a given time at midnight with its date, which databases find equal, as Python's `datetime` and `date`
# are not: a report whose dates are filled in, and that asks by `DATE_TRUNC` whether they are of one month, has no rows any more. Comparisons with a
# column stay as they are.
# Guess: an optimised query answers as the query does.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages sqlglot==30.30.0 duckdb==2.0.1
cat >midnight.py <<'PY'
import duckdb
from sqlglot.optimizer import optimize

connection = duckdb.connect()
connection.execute("CREATE TABLE orders AS SELECT DATE '2024-05-01' AS day, 7 AS n")
for condition in (
    "DATE_TRUNC('month', TIMESTAMP '2024-05-06 10:00:00') = DATE '2024-05-01'",
    "TIMESTAMP '2024-05-01 00:00:00' = DATE '2024-05-01'",
    "day = TIMESTAMP '2024-05-01 00:00:00'",
):
    query = f'SELECT n FROM orders WHERE {condition}'
    optimised = optimize(query, schema={'orders': {'day': 'date', 'n': 'int'}}, dialect='duckdb').sql('duckdb')
    print(len(connection.execute(query).fetchall()), len(connection.execute(optimised).fetchall()), end='; ')
PY
expect 'rows of the query and of the optimised one' "$(python midnight.py)" '1 0; 1 0; 1 1; '
