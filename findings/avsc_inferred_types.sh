#!/usr/bin/env bash
# avsc 5.7.9's `Type.forValue` infers Avro's 32-bit `float` for numbers of JavaScript, which have 64 bits, unless they are whole and below 2**31: the time
# 1704067200123, in milliseconds, comes back as 1704067203072, 3 seconds later, and so does one a second later; 123456789.25 is 123456792.
# Guess: an inferred type holds the value that it was inferred from, so `long` or `double`, both of which Avro has.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules avsc@5.7.9
cat >infer.cjs <<'JS'
const { Type } = require('avsc')

for (const value of [{ price: 0.1 }, { time: 1704067200123 }, [1704067200123, 1704067201123], [1, 2.5, 16777217], { total: 123456789.25 }]) {
    const type = Type.forValue(value)
    const schema = type.schema()
    console.log(schema.items ?? schema.fields[0].type, JSON.stringify(value), JSON.stringify(type.fromBuffer(type.toBuffer(value))))
}
JS
node infer.cjs >seen
expect 'the type, a value and what it is read as' "$(cat seen)" 'float {"price":0.1} {"price":0.10000000149011612}
float {"time":1704067200123} {"time":1704067203072}
float [1704067200123,1704067201123] [1704067203072,1704067203072]
float [1,2.5,16777217] [1,2.5,16777216]
float {"total":123456789.25} {"total":123456792}'
