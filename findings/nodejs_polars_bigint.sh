#!/usr/bin/env bash
# nodejs-polars 0.26.1 takes the sign off a negative BigInt and what is beyond 64 bits off a greater one: -5n is 5, in series, in frames, in records and as
# a literal, so that -5n and 3n add up to 8, and 2n ** 64n + 5n is 5. As a series of `Int64` BigInts are null; a `BigInt64Array` keeps -5n. Guess: BigInts
# are 64-bit integers with their sign, or refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules nodejs-polars@0.26.1 "nodejs-polars-linux-$(node -p process.arch)-gnu@0.26.1"
cat >bigint.cjs <<'JS'
const pl = require('nodejs-polars')

const numbers = [-5n, 3n]
console.log(pl.Series('x', numbers).toArray(), pl.Series('x', numbers).sum(), pl.Series('x', numbers, pl.Int64).toArray())
console.log(pl.DataFrame({ x: numbers }).toRecords(), pl.readRecords(numbers.map((x) => ({ x }))).toRecords())
console.log(pl.DataFrame({ y: [1] }).select(pl.lit(-5n).alias('x')).toRecords(), pl.Series('x', [2n ** 64n + 5n]).toArray())
console.log(pl.Series('x', new BigInt64Array(numbers)).toArray())
JS
node bigint.cjs >seen
expect 'series of -5n and 3n, sum, Int64' "$(sed -n 1p seen)" '[ 5n, 3n ] 8 [ null, null ]'
expect 'frame, records' "$(sed -n 2p seen)" '[ { x: 5n }, { x: 3n } ] [ { x: 5n }, { x: 3n } ]'
expect 'literal -5n, 2n ** 64n + 5n' "$(sed -n 3p seen)" '[ { x: 5n } ] [ 5n ]'
expect 'BigInt64Array' "$(sed -n 4p seen)" '[ -5, 3 ]'
