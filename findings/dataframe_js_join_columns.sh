#!/usr/bin/env bash
# dataframe-js 1.4.4's left join of two customers with an update of one of them has three rows where both tables have a column of the city, and the cities are
# not the same: the two, and the update's row by itself, with an id that is then there twice; a right join of one row has two. An inner join has the row once,
# and so has each without the city. Guess: a left join by a key that is there once has the rows of the left table, whatever columns are shared.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules dataframe-js@1.4.4
cat >joins.cjs <<'JS'
const { DataFrame } = require('dataframe-js')

const customers = new DataFrame([{ id: 1, city: 'Ulm' }, { id: 2, city: 'Bonn' }])
for (const update of [{ id: 1, name: 'A' }, { id: 1, name: 'A', city: 'Kiel' }]) {
    for (const name of ['innerJoin', 'leftJoin', 'rightJoin']) {
        console.log(name, JSON.stringify(customers[name](new DataFrame([update]), 'id').toCollection()))
    }
}
JS
node joins.cjs >seen
expect 'joined with an update without and with a city' "$(cat seen)" 'innerJoin [{"id":1,"city":"Ulm","name":"A"}]
leftJoin [{"id":1,"city":"Ulm","name":"A"},{"id":2,"city":"Bonn"}]
rightJoin [{"id":1,"city":"Ulm","name":"A"}]
innerJoin [{"id":1,"city":"Ulm","name":"A"}]
leftJoin [{"id":1,"city":"Ulm","name":"A"},{"id":2,"city":"Bonn"},{"id":1,"city":"Kiel","name":"A"}]
rightJoin [{"id":1,"city":"Ulm","name":"A"},{"id":1,"city":"Kiel","name":"A"}]'
