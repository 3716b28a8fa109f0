#!/usr/bin/env bash
# sqlglot 30.30.0 writes DuckDB's `DATE_DIFF` for SQLite as days divided by 365 or 30, cut: New Year's Eve and New Year are 0 years apart instead of 1, a person
# born in 1940 is 84 in 2023, and of January to December there are 12 months instead of 11. One minute is 0 minutes, as the days between are not exact. `TRY_CAST`
# becomes `CAST`, for which a text is 0 instead of missing, so that it counts in a mean; a midnight is not its day; `%` cuts decimals. No warning tells of
# it, nor does `ErrorLevel.RAISE` refuse it, as it does units that are unsupported.
# Guess: what is not refused answers alike.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages sqlglot==30.30.0 duckdb==2.0.1
cat >answers.py <<'PY'
import sqlite3

import duckdb
import sqlglot

for expression in (
    "DATE_DIFF('year', DATE '2023-12-31', DATE '2024-01-01')",
    "DATE_DIFF('year', DATE '1940-01-01', DATE '2023-12-31')",
    "DATE_DIFF('month', DATE '2024-01-01', DATE '2024-12-31')",
    "DATE_DIFF('minute', TIMESTAMP '2024-01-01 00:00:00', TIMESTAMP '2024-01-01 00:01:00')",
    "AVG(TRY_CAST(x AS INT)) FROM (SELECT '4' AS x UNION ALL SELECT 'n/a' AS x) AS t",
    "TIMESTAMP '2024-05-01 00:00:00' = DATE '2024-05-01'",
    '7.5 % 2',
):
    query = f'SELECT {expression}'
    sqlite = sqlglot.transpile(query, read='duckdb', write='sqlite', unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    print(*(float(connect().execute(text).fetchone()[0]) for connect, text in ((duckdb.connect, query), (lambda: sqlite3.connect(':memory:'), sqlite))), end='; ')
try:
    sqlglot.transpile("SELECT DATE_DIFF('week', a, b) FROM t", read='duckdb', write='sqlite', unsupported_level=sqlglot.ErrorLevel.RAISE)
except sqlglot.UnsupportedError:
    print('weeks refused')
PY
expect 'in DuckDB and SQLite: years, years, months, a minute, mean, midnight, remainder' "$(python answers.py)" \
    '1.0 0.0; 83.0 84.0; 11.0 12.0; 1.0 0.0; 4.0 2.0; 1.0 0.0; 1.5 1.0; weeks refused'
