#!/usr/bin/env bash
# ml-array-median 2.0.0's median of an even number of numbers is the lower one of the two in the middle: of 1, 2, 3 and 10 it is 2, and of two prices 10 and
# 90 it is 10, where ml-stat of the same authors, simple-statistics and NumPy have the mean of both, 2.5 and 50. The package's page tells nothing of it.
# Guess: the mean of the two.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules ml-array-median@2.0.0 ml-stat@1.3.3 simple-statistics@7.8.8
cat >medians.mjs <<'JS'
import * as ours from 'ml-array-median'
import { median as simple } from 'simple-statistics'
import stat from 'ml-stat'

const median = ours.default ?? ours.median
for (const numbers of [[3, 1, 10, 2], [90, 10], [3, 1, 2]]) {
    console.log(median(numbers), stat.array.median([...numbers]), simple(numbers))
}
JS
node medians.mjs >seen
expect 'of 1, 2, 3, 10, of 10, 90, and of 1, 2, 3' "$(cat seen)" '2 2.5 2.5
10 50 50
2 2 2'
