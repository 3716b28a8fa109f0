#!/usr/bin/env bash
# nodejs-polars 0.26.1's `readRecords` takes the type of a column from the first 100 records and makes the values behind them of it by JavaScript's rules:
# behind booleans 'false' and 'no' are true, behind numbers '' is 0, [7] is 7, true is 1 and a text is NaN, behind texts { b: 1 } is '[object Object]'. The
# same values among the first 100 make the column one of texts. Nothing is told. Guess: null or an error for what is not of the type, as from Polars in
# Python.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules nodejs-polars@0.26.1 "nodejs-polars-linux-$(node -p process.arch)-gnu@0.26.1"
cat >late.cjs <<'JS'
const pl = require('nodejs-polars')

const read = (first, late) => {
    const records = [...Array(100).fill(first), ...late].map((x) => ({ x }))
    const frame = pl.readRecords(records)
    console.log(String(frame.dtypes[0]), frame.tail(late.length).toRecords().map(({ x }) => x))
}
read(true, ['false', 'no', 0, 5])
read(1, ['', [7], true, 'x', '12'])
read('x', [{ b: 1 }, [1, 2], true])
console.log(String(pl.readRecords([{ x: true }, { x: 'false' }]).dtypes[0]), String(pl.readRecords([{ x: 1 }, { x: '' }]).dtypes[0]))
JS
node late.cjs >seen
expect 'behind 100 booleans, numbers, texts; among the first' "$(cat seen)" "DataType(Bool) [ true, true, false, true ]
DataType(Float64) [ 0, 7, 1, NaN, 12 ]
DataType(String) [ '[object Object]', '1,2', 'true' ]
DataType(String) DataType(String)"
