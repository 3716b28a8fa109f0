#!/usr/bin/env bash
# Polars 2.1.0's `from_arrow` cannot read a part of an Arrow table whose column of lists of one length, as embeddings are, has a null in it: batches of two
# rows of five fail with "validity mask length must be equal to the number of values divided by size", where the whole table, and parts without a null, are
# read. DuckDB reads the parts, and Polars those of lists of any length. Guess: what it reads as a whole it reads in batches.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
cat >slices.py <<'PY'
import duckdb
import polars as pl
import pyarrow as pa


def read(rows):
    try:
        return pl.from_arrow(rows)['x'].to_list()
    except pl.exceptions.ComputeError as error:
        return str(error)


embeddings = [[1, 2], None, [3, 4], None, [5, 6]]
whole = pa.table({'x': pa.array(embeddings, pa.list_(pa.int64(), 2))})
print(read(whole))
for start in (0, 2, 4):
    part = whole.slice(start, 2)
    print(start, read(part), [row and list(row) for row, in duckdb.sql('from part').fetchall()])
print(read(pa.table({'x': pa.array(embeddings)}).slice(0, 2)))
PY
python slices.py >seen
refused='validity mask length must be equal to the number of values divided by size'
expect 'whole' "$(sed -n 1p seen)" '[[1, 2], None, [3, 4], None, [5, 6]]'
expect 'parts, Polars, DuckDB' "$(sed -n 2,4p seen)" "0 $refused [[1, 2], None]
2 $refused [[3, 4], None]
4 [[5, 6]] [[5, 6]]"
expect 'a part of lists of any length' "$(sed -n 5p seen)" '[[1, 2], None]'
