#!/usr/bin/env bash
# dataframe-js 1.4.4's SQL takes `x != 1` and hands out all rows, those with 1 too, passes over an ORDER BY and a LIMIT without a word, and goes from left to
# right through AND and OR, so that `x = 1 OR x = 2 AND x = 3` finds nothing where SQL finds 1. Its source has `!=` among its operators. Guess: what it does
# not know is an error, as `NOT x = 1` is, and the rest means what it means in SQL.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules dataframe-js@1.4.4
cat >sql.cjs <<'JS'
const { DataFrame } = require('dataframe-js')

DataFrame.sql.registerTable(new DataFrame([{ x: 3 }, { x: 1 }, { x: 2 }]), 'rows', true)
for (const rest of ['WHERE x > 1', 'WHERE x != 1', 'WHERE x = 1 OR x = 2 AND x = 3', 'ORDER BY x', 'LIMIT 1', 'WHERE NOT x = 1']) {
    let rows
    try {
        rows = DataFrame.sql.request(`SELECT * FROM rows ${rest}`).toArray('x').join(' ')
    } catch {
        rows = 'refused'
    }
    console.log(`${rest}: ${rows}`)
}
JS
node sql.cjs >seen
expect 'of 3, 1 and 2' "$(cat seen)" 'WHERE x > 1: 3 2
WHERE x != 1: 3 1 2
WHERE x = 1 OR x = 2 AND x = 3: 
ORDER BY x: 3 1 2
LIMIT 1: 3 1 2
WHERE NOT x = 1: refused'
