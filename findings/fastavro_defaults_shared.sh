#!/usr/bin/env bash
# fastavro 1.13.1's `reader` hands the default of a field that a file does not have out as the reader's schema holds it: all records share one list or map, and
# so do those of files that are read later with that schema. A program that appends a tag to each record finds the tags of all that came before. And a default
# of a logical type comes as the number or text of the schema, though `writer` makes a time of the same default. Guess: each record has a value of its own, of
# the field's type, as records have that were written with the field.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages fastavro==1.13.1
cat >defaults.py <<'PY'
import io

import fastavro

key = {'name': 'x', 'type': 'long'}
tags = {'name': 'tags', 'type': {'type': 'array', 'items': 'string'}, 'default': []}
seen = {'name': 'seen', 'type': {'type': 'long', 'logicalType': 'timestamp-millis'}, 'default': 0}
old = fastavro.parse_schema({'type': 'record', 'name': 'row', 'fields': [key]})
new = fastavro.parse_schema({'type': 'record', 'name': 'row', 'fields': [key, tags, seen]})


def read(written_with, numbers):
    file = io.BytesIO()
    fastavro.writer(file, written_with, [{'x': number} for number in numbers])
    file.seek(0)
    return fastavro.reader(file, new)


for written_with in (new, old):
    for numbers in ([1, 2], [3]):
        rows = []
        for row in read(written_with, numbers):
            row['tags'].append(f'tag {row["x"]}')
            rows.append(list(row['tags']))
        print(rows)
    print(next(read(written_with, [4]))['seen'])
PY
python -W ignore defaults.py >seen
expect 'of files with the field' "$(sed -n 1,3p seen)" "[['tag 1'], ['tag 2']]
[['tag 3']]
1970-01-01 00:00:00+00:00"
expect 'of files without it' "$(sed -n 4,6p seen)" "[['tag 1'], ['tag 1', 'tag 2']]
[['tag 1', 'tag 2', 'tag 3']]
0"
