#!/usr/bin/env bash
# @dsnp/parquetjs 1.8.8 writes 1.7 into a column of INT32 or UINT_8 as 1, though it checks the range and refuses 256, and though INT64 refuses 1.7; the text
# 'false' into one of booleans as true; and a time before 1970 into one of dates as the day after, as it cuts days towards 0. Guess: what a type cannot hold
# is refused, as by INT64, and a time on a day is that day's.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pyarrow==26.0.1
modules @dsnp/parquetjs@1.8.8
cat >write.cjs <<'JS'
const { execFileSync } = require('node:child_process')
const { ParquetSchema, ParquetWriter } = require('@dsnp/parquetjs')

const write = async () => {
    const day = (text) => new Date(`${text}T18:00:00Z`)
    const whole = [['INT32', 1.7], ['UINT_8', 1.7], ['UINT_8', 256], ['INT64', 1.7]]
    const columns = [...whole, ['BOOLEAN', 'false'], ['DATE', day('1970-01-02')], ['DATE', day('1969-12-30')]]
    for (const [type, value] of columns) {
        try {
            const writer = await ParquetWriter.openFile(new ParquetSchema({ x: { type } }), 'x.parquet')
            await writer.appendRow({ x: value })
            await writer.close()
            const seen = execFileSync('python', ['-c', "import pyarrow.parquet as pq; print(pq.read_table('x.parquet')['x'][0])"])
            console.log(type, value.toISOString?.() ?? value, seen.toString().trim())
        } catch {
            console.log(type, value, 'refused')
        }
    }
}
write()
JS
node write.cjs >seen
expect 'type, value, and what pyarrow reads' "$(cat seen)" 'INT32 1.7 1
UINT_8 1.7 1
UINT_8 256 refused
INT64 1.7 refused
BOOLEAN false True
DATE 1970-01-02T18:00:00.000Z 1970-01-02
DATE 1969-12-30T18:00:00.000Z 1969-12-31'
