"""Parquet and Arrow files of one table by several writers, and what is in it: python make_columns.py DIRECTORY

Outside of CI. Ran with pyarrow 25.0.1, polars, duckdb and fastparquet (versions in README.md) on Python 3.11.
"""
import datetime
import decimal
import json
import sys
from pathlib import Path

import duckdb
import fastparquet
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

OUT = Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
N = 90
DAY = datetime.date(2024, 2, 27)
TIME = datetime.datetime(2024, 2, 29, 23, 59, 59)


def maybe(n, every, value):
    return None if n % every == 0 else value


rows = range(N)
columns = {
    "i": pa.array([maybe(n, 7, (n * 7919) % 1009 - 500) for n in rows], pa.int64()),
    "small": pa.array([n % 100 - 50 for n in rows], pa.int8()),
    "narrow": pa.array([n * 100_003 % 2**31 for n in rows], pa.int32()),
    "unsigned": pa.array([n * 20_000_003 % 2**32 for n in rows], pa.uint32()),
    "f": pa.array([maybe(n, 11, n / 8 - 3) for n in rows], pa.float64()),
    "single": pa.array([n * 0.1 for n in rows], pa.float32()),
    "t": pa.array([maybe(n, 5, ["", "a", "größe", "東京", "longer than twelve bytes"][n % 5 - 1] + str(n % 3)) for n in rows], pa.string()),
    "same": pa.array(["always"] * N, pa.string()),
    "bytes": pa.array([bytes([n % 256, 255]) for n in rows], pa.binary()),
    "truth": pa.array([maybe(n, 13, n % 3 == 0) for n in rows], pa.bool_()),
    "day": pa.array([DAY + datetime.timedelta(n) for n in rows], pa.date32()),
    "time": pa.array([maybe(n, 9, TIME + datetime.timedelta(seconds=n, microseconds=n % 4 * 250_000)) for n in rows], pa.timestamp("us")),
    "price": pa.array([decimal.Decimal(n * 3 - 100) / 100 for n in rows], pa.decimal128(9, 2)),
    "gone": pa.array([None] * N, pa.float64()),
}
lists = {
    "li": pa.array([maybe(n, 6, list(range(n % 4))) for n in rows], pa.list_(pa.int64())),
    "lt": pa.array([["x" * (n % 3), "y"][: n % 3] for n in rows], pa.list_(pa.string())),
}
flat = pa.table(columns)
table = pa.table({**columns, **lists})


def text(value):
    if value is None:
        return None
    if isinstance(value, list):
        return [text(one) for one in value]
    if isinstance(value, datetime.datetime):
        whole = value.isoformat()
        return [whole.rstrip("0") if "." in whole else whole]
    if isinstance(value, datetime.date):
        return [value.isoformat()]
    if isinstance(value, decimal.Decimal):
        return [float(value)]
    if isinstance(value, bool):
        return [int(value)]
    if isinstance(value, bytes):
        return [value.decode("latin-1")]
    return [value]


def plain(row):
    return {name: [one[0] for one in text(value)] if isinstance(value, list) else text(value) for name, value in row.items()}


(OUT / "expected.json").write_text("[\n" + ",\n".join(json.dumps(plain(row), ensure_ascii=False) for row in table.to_pylist()) + "\n]\n")

# What cannot be in a dictionary, or cannot have an encoding, is written plainly.
write = lambda name, of=table, **options: pq.write_table(of, OUT / f"{name}.parquet", row_group_size=40, **options)
write("snappy", compression="snappy")
write("gzip_v2_pages", compression="gzip", data_page_version="2.0", data_page_size=256)
write("zstd_plain", compression="zstd", use_dictionary=False)
write("lz4", compression="lz4")
write("none_old", compression="none", version="1.0", use_deprecated_int96_timestamps=True)
write(
    "deltas",
    compression="zstd",
    use_dictionary=False,
    column_encoding={
        "i": "DELTA_BINARY_PACKED",
        "narrow": "DELTA_BINARY_PACKED",
        "t": "DELTA_BYTE_ARRAY",
        "same": "DELTA_BYTE_ARRAY",
        "bytes": "DELTA_LENGTH_BYTE_ARRAY",
        "f": "BYTE_STREAM_SPLIT",
        "single": "BYTE_STREAM_SPLIT",
        "truth": "RLE",
    },
)
pl.from_arrow(table).write_parquet(OUT / "polars.parquet", row_group_size=40)
pl.from_arrow(table).write_parquet(OUT / "polars_lz4.parquet", compression="lz4")
duckdb.from_arrow(table).write_parquet(str(OUT / "duckdb.parquet"), row_group_size=2048)
frame = flat.drop_columns(["price", "truth", "i", "gone"]).to_pandas()
frame["day"] = pd.to_datetime(frame["day"]).dt.strftime("%Y-%m-%d")
fastparquet.write(str(OUT / "fastparquet.parquet"), frame, row_group_offsets=40, object_encoding={"bytes": "bytes", "t": "utf8", "same": "utf8", "day": "utf8"})

coded = table.set_column(6, "t", table["t"].combine_chunks().dictionary_encode())
for name, of, codec in [("plain", table, None), ("lz4", table, "lz4"), ("zstd", coded, "zstd")]:
    with pa.ipc.new_file(OUT / f"{name}.arrow", of.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as out:
        out.write_table(of, max_chunksize=40)
with pa.ipc.new_stream(OUT / "stream.arrows", coded.schema) as out:
    out.write_table(coded, max_chunksize=40)
pl.from_arrow(table).write_ipc(OUT / "polars.feather")
