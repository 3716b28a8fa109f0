#!/usr/bin/env bash
# dataframe-js 1.4.4's `stat.max` of -5, null and -3 is 0, and so is its `stat.min` of 1, null and 3, as null counts as 0 in them, while `mean` and `sd` leave
# null out, and all of them leave undefined and NaN out. Guess: all statistics leave the same out, and a greatest number is one that is there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules dataframe-js@1.4.4
cat >missing.cjs <<'JS'
const { DataFrame } = require('dataframe-js')

for (const numbers of [[-5, null, -3], [1, null, 3], [-5, undefined, -3], [1, NaN, 3]]) {
    const { stat } = new DataFrame(numbers.map((x) => ({ x })))
    console.log(numbers.join(' '), ...['min', 'max', 'mean', 'sd'].map((name) => `${name} ${stat[name]('x').toFixed(1)}`))
}
JS
node missing.cjs >seen
expect 'of numbers with null, with undefined and with NaN' "$(cat seen)" '-5  -3 min -5.0 max 0.0 mean -4.0 sd 1.4
1  3 min 0.0 max 3.0 mean 2.0 sd 1.4
-5  -3 min -5.0 max -3.0 mean -4.0 sd 1.4
1 NaN 3 min 1.0 max 3.0 mean 2.0 sd 1.4'
