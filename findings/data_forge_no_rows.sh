#!/usr/bin/env bash
# data-forge 1.10.5 (JavaScript) answers 0 for the minimum, maximum, mean and median of numbers of which none is there, also where all are null: the lowest
# temperature of a day without a measurement is 0, above the -5 of the day before. The sample's deviation of a single number is NaN, and of none 0.
# Guess: NaN or undefined, as it leaves null out of numbers of which some are there, and as NaN is handed on.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules data-forge@1.10.5
cat >days.cjs <<'JS'
const { DataFrame, Series } = require('data-forge')

const rows = new DataFrame([{ day: 1, degrees: -5 }, { day: 1, degrees: -3 }, { day: 2, degrees: null }, { day: 3, degrees: NaN }])
for (const day of rows.groupBy((row) => row.day)) {
    const degrees = day.deflate((row) => row.degrees)
    console.log(day.first().day, degrees.min(), degrees.max(), degrees.average(), degrees.median())
}
console.log(new Series([]).min(), new Series([]).sampleStd(), new Series([4]).sampleStd())
JS
node days.cjs >seen
expect 'least, greatest, mean and median of days with two numbers, null and NaN' "$(head -n 3 seen)" '1 -5 -3 -4 -4
2 0 0 0 0
3 NaN NaN NaN NaN'
expect 'minimum of nothing, deviation of nothing and of one number' "$(tail -n 1 seen)" '0 0 NaN'
