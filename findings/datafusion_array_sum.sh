#!/usr/bin/env bash
# DataFusion 55.0.0's `array_sum` adds up as 64-bit floats whatever the array has: of 9007199254740993 alone it makes 9007199254740992, of the decimals 0.10 and
# 0.20 it makes 0.30000000000000004, and texts are added up as numbers. `sum` of the same numbers as rows has integers and decimals, exactly, as have
# DuckDB's `list_sum` and PostgreSQL's `sum`. Guess: the sum of an array is of the type that `sum` makes of its elements.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datafusion==55.0.0 duckdb==2.0.1
cat >sums.py <<'PY'
import datafusion
import duckdb

context = datafusion.SessionContext()
for numbers in ('[9007199254740993]', '[0.10::decimal(10, 2), 0.20::decimal(10, 2)]', "['1', '2']"):
    ask = lambda query: context.sql(query).to_pylist()[0]['x']
    array = ask(f'select array_sum({numbers}) as x')
    try:
        rows = ask(f'select sum(x) as x from (select unnest({numbers}) as x)')
    except Exception:
        rows = 'refused'
    print(numbers, array, rows)
print(duckdb.sql('select list_sum([9007199254740993]), list_sum([0.10::decimal(10, 2), 0.20::decimal(10, 2)])').fetchall())
PY
python sums.py >seen
expect 'array, array_sum, sum of rows' "$(head -n 3 seen)" "[9007199254740993] 9007199254740992.0 9007199254740993
[0.10::decimal(10, 2), 0.20::decimal(10, 2)] 0.30000000000000004 0.30
['1', '2'] 3.0 refused"
expect 'DuckDB' "$(tail -n 1 seen)" "[(9007199254740993, Decimal('0.30'))]"
