#!/usr/bin/env bash
# data-forge 1.10.5 (JavaScript) groups by what a key is as a text: 1 with '1', null with 'null', and times by their second, as a `Date` is written without
# milliseconds: 100 measurements of 10 ms each are one group. `distinct` and `groupSequentialBy` tell all of them apart, and even one time in two objects.
# Guess: groups are of equal keys, and the three agree on what is equal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules data-forge@1.10.5
cat >groups.cjs <<'JS'
const { Series } = require('data-forge')

const at = (milliseconds) => new Date(1704067200000 + milliseconds)
const measured = Array.from({ length: 100 }, (_, number) => at(10 * number))
for (const [name, keys] of [['numbers', [1, '1']], ['nulls', [null, 'null']], ['times', measured], ['one time', [at(5), at(5)]]]) {
    const series = new Series(keys)
    const groups = [series.groupBy((key) => key), series.groupSequentialBy((key) => key), series.distinct()]
    console.log(name, ...groups.map((group) => group.count()))
}
JS
node groups.cjs >seen
expect 'groups by groupBy, by groupSequentialBy, distinct ones' "$(cat seen)" 'numbers 1 2 2
nulls 1 2 2
times 1 100 100
one time 1 2 2'
