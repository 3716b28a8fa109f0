#!/usr/bin/env bash
# nodejs-polars 0.26.1's `Series` with a type wraps numbers that the type cannot hold to 32 bits first: as Int32 and UInt32 1e10 is 1410065408, -1 of UInt32
# is 4294967295, and 2 ** 40 and NaN are 0, also as Int8, where 1e10 is null; as Int64 NaN is 0; as UInt64 all numbers are null, also 5; and 1.7 is 1.
# Without a type what is unlike the first value is null: 'a' behind 5, and 5 behind true. Guess: an error, as from Polars in Python, or null for all that
# does not fit.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules nodejs-polars@0.26.1 "nodejs-polars-linux-$(node -p process.arch)-gnu@0.26.1"
cat >types.cjs <<'JS'
const pl = require('nodejs-polars')

for (const type of ['Int8', 'Int16', 'Int32', 'Int64', 'UInt32', 'UInt64']) {
    console.log(type, pl.Series('x', [5, 1e10, 2 ** 40, 1e30, -1, NaN, 1.7], pl[type]).toArray().join())
}
console.log(pl.Series('x', [5, 'a']).toArray(), pl.Series('x', [true, 5]).toArray(), pl.Series('x', ['a', 5]).toArray())
JS
node types.cjs >seen
expect '5, 1e10, 2 ** 40, 1e30, -1, NaN, 1.7' "$(head -n 6 seen)" 'Int8 5,,0,0,-1,0,1
Int16 5,,0,0,-1,0,1
Int32 5,1410065408,0,0,-1,0,1
Int64 5,10000000000,1099511627776,9223372036854776000,-1,0,1
UInt32 5,1410065408,0,0,4294967295,0,1
UInt64 ,,,,,,'
expect 'without a type' "$(sed -n 7p seen)" "[ 5, null ] [ true, null ] [ 'a', null ]"
