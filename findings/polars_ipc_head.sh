#!/usr/bin/env bash
# Polars 2.1.0: a file of Arrow's IPC format that it writes begins with a bare schema where the format has a stream: without the length and the message that
# a stream's schema comes in. Readers that go by the index at the end do not see it; what reads such files from the front, as a stream behind eight bytes
# (from standard input, or from a compressed download), cannot. Guess: a file is eight bytes, a stream and an index, as pyarrow writes it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars==2.1.0 pyarrow==25.0.1
cat >head.py <<'PY'
import polars as pl
import pyarrow as pa

table = pa.table({'a': [1, 2, 3]})
with pa.ipc.new_file('pyarrow.arrow', table.schema) as out:
    out.write_table(table)
pl.from_arrow(table).write_ipc('polars.arrow')
for name in ['pyarrow', 'polars']:
    content = open(name + '.arrow', 'rb').read()
    rows = pa.ipc.open_file(content).read_all().num_rows
    try:
        streamed = pa.ipc.open_stream(content[8:]).read_all().num_rows
    except OSError as error:
        streamed = str(error).splitlines()[0]
    print(f'{name}: by the index {rows} rows, from the front {streamed}', end='; ')
PY
expect 'read' "$(python head.py)" \
    'pyarrow: by the index 3 rows, from the front 3; polars: by the index 3 rows, from the front Invalid flatbuffers message.; '
