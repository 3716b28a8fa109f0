#!/usr/bin/env bash
# @dsnp/parquetjs 1.8.8 takes a list in a column of JSON for the column's values: ['new'] is written as 'new', [[1]] as [1] and [] as null, and ['new', 'red']
# is refused, whereas lists within an object are kept. So what a list comes back as depends on how many are in it. Guess: a column of JSON holds any JSON.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages pyarrow==26.0.1
modules @dsnp/parquetjs@1.8.8
cat >write.cjs <<'JS'
const { ParquetSchema, ParquetWriter } = require('@dsnp/parquetjs')

const write = async () => {
    const schema = new ParquetSchema({ tags: { type: 'JSON', optional: true } })
    const writer = await ParquetWriter.openFile(schema, 'tags.parquet')
    for (const tags of [['new'], [], [[1]], { of: ['new'] }, { of: [] }]) {
        await writer.appendRow({ tags })
    }
    const refused = await writer.appendRow({ tags: ['new', 'red'] }).then(() => 'written', () => 'refused')
    console.log(refused)
    await writer.close()
}
write()
JS
expect 'a list of two' "$(node write.cjs)" 'refused'
read=$(python -c "import pyarrow.parquet as pq; print(pq.read_table('tags.parquet')['tags'].to_pylist())")
expect 'a list of one, of none, of a list, and lists in objects' "$read" "['\"new\"', None, '[1]', '{\"of\":[\"new\"]}', '{\"of\":[]}']"
