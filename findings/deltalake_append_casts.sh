#!/usr/bin/env bash
# deltalake 1.6.6: what is appended, merged or set is cast to the table's types, where it is near enough cut off without a word: 1.7 and Decimal('1.7') become 1
# in a column of integers, 2 becomes True in one of booleans, also within lists and structures, and `schema_mode='merge'` changes nothing about it.
# 1e300, NaN, 'abc' and Decimal('1.19') in a column of tenths are refused. Guess: so is 1.7, as Delta tables are known to enforce their schema.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages deltalake==1.6.6 pyarrow==26.0.1
cat >append.py <<'PY'
import shutil
from decimal import Decimal

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def table(value):
    shutil.rmtree('table', ignore_errors=True)
    write_deltalake('table', pa.table({'key': [1], 'x': [value]}))
    return DeltaTable('table')


def held():
    return [row['x'] for row in sorted(DeltaTable('table').to_pyarrow_table().to_pylist(), key=lambda row: row['key'])]


def appended(old, new, **options):
    table(old)
    try:
        write_deltalake('table', pa.table({'key': [2], 'x': [new]}), mode='append', **options)
    except Exception:
        return 'refused'
    return held()


print(*(appended(7, new) for new in (1.7, Decimal('1.7'))), appended([7], [1.7]), appended({'a': 7}, {'a': 1.7}), appended(False, 2))
print(appended(7, 1.7, schema_mode='merge'))
print(*(appended(7, new) for new in (1e300, float('nan'), 'abc')), appended(Decimal('0.7'), Decimal('1.19')))
source = pa.table({'key': [1, 2], 'x': [1.7, 2.7]})
merge = table(7).merge(source, 's.key = t.key', source_alias='s', target_alias='t')
merge.when_matched_update_all().when_not_matched_insert_all().execute()
print(held(), end=' ')
table(7).update(new_values={'x': 1.7})
print(held())
PY
python -W ignore append.py >seen
expect 'appended 1.7 as float, decimal, in lists and structures; 2 as boolean' "$(sed -n 1p seen)" "[7, 1] [7, 1] [[7], [1]] [{'a': 7}, {'a': 1}] [False, True]"
expect 'appended 1.7, with the schemas merged' "$(sed -n 2p seen)" '[7, 1]'
expect 'appended 1e300, NaN, a text, 1.19' "$(sed -n 3p seen)" 'refused refused refused refused'
expect 'merged and updated' "$(sed -n 4p seen)" '[1, 2] [1]'
