#!/usr/bin/env bash
# @tidyjs/tidy 2.6.1 joins rows whose keys are the same as texts: 1 and '1', true and 'true', two times of one second, of which `Date` writes no milliseconds,
# and any two objects. The key of the joined row is then that of the other table: 100 measurements of 10 ms each, joined with themselves by their time, become
# 10000 rows. `groupBy` keeps them all apart, and 2.5.2 joined what was identical. Guess: keys are joined that are equal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cat >joins.mjs <<'JS'
import { createRequire } from 'node:module'

const { groupBy, innerJoin, n, summarize, tidy } = createRequire(import.meta.url)('@tidyjs/tidy')
const at = (milliseconds) => new Date(1704067200000 + milliseconds)
for (const [left, right] of [['a', 'b'], ['1', 1], [true, 'true'], [at(123), at(987)], [{ a: 1 }, { b: 2 }]]) {
    const joined = tidy([{ key: left }], innerJoin([{ key: right, right: 2 }], { by: 'key' }))
    const groups = tidy([{ key: left }, { key: right }], groupBy('key', [summarize({ rows: n() })])).length
    console.log(`${JSON.stringify(left)} and ${JSON.stringify(right)}: ${joined.length} joined, ${groups} groups`)
}
const rows = Array.from({ length: 100 }, (_, number) => ({ time: at(10 * number), number }))
console.log(tidy(rows, innerJoin(rows.map(({ time }) => ({ time, other: 1 })), { by: 'time' })).length)
JS
for version in 2.5.2 2.6.1; do
    modules "@tidyjs/tidy@$version"
    node joins.mjs >"$version"
done
expect 'joined by 2.5.2' "$(grep -c ': 1 joined' 2.5.2 || true) $(tail -n 1 2.5.2)" '0 100'
expect 'joined by 2.6.1' "$(cat 2.6.1)" '"a" and "b": 0 joined, 2 groups
"1" and 1: 1 joined, 2 groups
true and "true": 1 joined, 2 groups
"2024-01-01T00:00:00.123Z" and "2024-01-01T00:00:00.987Z": 1 joined, 2 groups
{"a":1} and {"b":2}: 1 joined, 2 groups
10000'
