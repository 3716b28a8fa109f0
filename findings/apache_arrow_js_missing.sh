#!/usr/bin/env bash
# apache-arrow 21.2.0 (JavaScript): `tableFromJSON` makes false, '' and NaN of a key that a record lacks, as records of JSON do, and counts no null, where it keeps a null that is
# written out; whoever reads the table sees a member who is none. And `vectorFromArray` makes nanoseconds of a `Date` by a product of floats: 123 ms are
# 123000064 ns. Guess: what is missing is null, and whole milliseconds are whole in nanoseconds.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules apache-arrow@21.2.0
cat >table.mjs <<'JS'
import { tableFromJSON, TimestampNanosecond, vectorFromArray } from 'apache-arrow'

const text = '[{"age": 31, "member": true, "city": "Ulm"}, {"age": 28}, {"member": true, "city": null}, {"age": null, "member": null, "city": null}]'
const table = tableFromJSON(JSON.parse(text))
for (const { name } of table.schema.fields) {
    const column = table.getChild(name)
    console.log(name, [...column], column.nullCount)
}
console.log(vectorFromArray([new Date('2024-01-01T00:00:00.123Z')], new TimestampNanosecond()).data[0].values[0])
JS
node table.mjs >seen
expect 'columns of 4 records, nulls in each' "$(head -n 3 seen)" \
    "age [ 31, 28, NaN, null ] 1
member [ true, false, true, null ] 1
city [ 'Ulm', '', null, null ] 2"
expect 'nanoseconds of 1704067200123 ms' "$(tail -n 1 seen)" '1704067200123000064n'
