#!/usr/bin/env bash
# fastavro 1.13.1: which type of a union a value is written as goes by the first that will take it, also where it does not fit: with ["null", date,
# timestamp-millis] a time is written as a date, with ["double", "long"] 2**53 + 1 as 2**53, with ["float", "long"] 2**24 + 1 as 2**24. And with
# ["string" of uuid, "string"] a text that is no UUID is written as one, so that the file cannot be read any more. With the types in the other order all are
# kept. Guess: the type that a value is of goes first, as with ["int", "long"] and ["boolean", "int"], and what was written can be read.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages fastavro==1.13.1
cat >unions.py <<'PY'
import datetime
import io

import fastavro

date = {'type': 'int', 'logicalType': 'date'}
time = {'type': 'long', 'logicalType': 'timestamp-millis'}
uuid = {'type': 'string', 'logicalType': 'uuid'}


def kept(types, value):
    schema = fastavro.parse_schema({'type': 'record', 'name': 'r', 'fields': [{'name': 'x', 'type': types}]})
    file = io.BytesIO()
    fastavro.writer(file, schema, [{'x': value}])
    file.seek(0)
    try:
        return str(next(fastavro.reader(file))['x'])
    except ValueError:
        return 'not to be read'


noon = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.timezone.utc)
for name, first, second, value in [
    ('time', date, time, noon), ('double', 'double', 'long', 2**53 + 1), ('float', 'float', 'long', 2**24 + 1), ('uuid', uuid, 'string', 'no UUID'),
    ('int', 'int', 'long', 2**40), ('boolean', 'boolean', 'int', 1),
]:
    print(name, '|', kept(['null', first, second], value), '|', kept(['null', second, first], value))
PY
python -W ignore unions.py >seen
expect 'in one order and in the other' "$(sed -n 1,4p seen)" 'time | 2026-01-02 | 2026-01-02 12:00:00+00:00
double | 9007199254740992.0 | 9007199254740993
float | 16777216.0 | 16777217
uuid | not to be read | no UUID'
expect 'what is kept in both' "$(sed -n 5,6p seen)" 'int | 1099511627776 | 1099511627776
boolean | 1 | 1'
