#!/usr/bin/env bash
# @tidyjs/tidy 2.6.1's `complete` keeps only rows whose keys are in the sequence that it is given, and `fullSeqDate` by months counts from the first day by
# JavaScript's months: of 31 January to 30 April it makes 31 January, 2 March and 2 April, so that three of four month ends and what was sold in them are gone,
# and 0 stands for two others. `fullSeqDateISOString` of texts as '2024-01-01' makes '2024-01-01T00:00:00.000Z', which none of them is: all is 0 then.
# Guess: what is completed has all rows that it had, and 0 where there was none, as tidyr's `complete` does.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules @tidyjs/tidy@2.6.1
cat >complete.mjs <<'JS'
import { complete, fullSeqDate, fullSeqDateISOString, tidy } from '@tidyjs/tidy'

const day = (time) => new Date(time).toISOString().slice(0, 10)
const show = (rows) => console.log(rows.map((row) => `${day(row.day)} ${row.sold}`).join(', '))
const months = ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30'].map((text, number) => ({ day: new Date(text), sold: 10 + number }))
show(tidy(months, complete({ day: fullSeqDate('day', 'month') }, { sold: 0 })))
const days = [{ day: '2024-01-01', sold: 5 }, { day: '2024-01-03', sold: 7 }]
show(tidy(days, complete({ day: fullSeqDateISOString('day') }, { sold: 0 })))
show(tidy(days.map((row) => ({ ...row, day: new Date(row.day) })), complete({ day: fullSeqDate('day') }, { sold: 0 })))
JS
TZ=UTC node complete.mjs >seen
expect 'month ends' "$(sed -n 1p seen)" '2024-01-31 10, 2024-03-02 0, 2024-04-02 0'
expect 'days as texts' "$(sed -n 2p seen)" '2024-01-01 0, 2024-01-02 0, 2024-01-03 0'
expect 'days as dates' "$(sed -n 3p seen)" '2024-01-01 5, 2024-01-02 0, 2024-01-03 7'
