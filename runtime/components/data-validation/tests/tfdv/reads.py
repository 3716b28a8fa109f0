"""That TFX's tools read what weft's steps wrote of tables: TensorFlow, PyArrow and pandas the same rows, TFDV statistics, schemas and anomalies, and it
says the same of the rows. `run.sh` runs it: python reads.py FOLDER.
"""
import csv
import math
import sys
from pathlib import Path

import numpy as np
import pandas
import pyarrow.parquet
import tensorflow as tf
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2


def of_tfrecord(path):
    """Rows as dictionaries of what has a value."""
    for record in tf.data.TFRecordDataset(str(path), compression_type="GZIP"):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        lists = {name: getattr(feature, feature.WhichOneof("kind")).value for name, feature in features.items()}
        yield {name: values[0] for name, values in lists.items() if len(values)}


def plain(row):
    """A row of a Parquet file, as that of an example would be."""
    values = {}
    for name, value in row.items():
        if value is None or value is pandas.NA:
            continue
        values[name] = value.encode() if isinstance(value, str) else value
    return values


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        a, b = np.float32(a), np.float32(b)
        return a == b or (math.isnan(a) and math.isnan(b))
    return a == b


def assert_same(place, a, b):
    assert a.keys() == b.keys(), (place, a, b)
    for name in a:
        assert same(a[name], b[name]), (place, name, a[name], b[name])


def assert_alike(place, a, b):
    """Messages whose numbers differ by 1e-6 of them at most, zeros without their sign: ours leave out what is zero."""
    texts = [text_format.MessageToString(message).split("\n") for message in (a, b)]
    a, b = [[line for line in text if not line.endswith(": -0.0")] for text in texts]
    assert len(a) == len(b), place
    for x, y in zip(a, b):
        if x != y:
            (name, x), (other, y) = x.rsplit(" ", 1), y.rsplit(" ", 1)
            assert name == other and math.isclose(float(x), float(y), rel_tol=1e-6), (place, name, x, y)


def main(written):
    for folder in sorted(path.parent for path in written.glob("*/schema")):
        rows = 0
        schema = tfdv.load_schema_text(str(folder / "schema/schema.pbtxt"))
        for split in ["train", "eval"]:
            place = f"{folder.name}, {split}"
            tfrecord = folder / f"tfrecord/Split-{split}/data_tfrecord-00000-of-00001.gz"
            examples = list(of_tfrecord(tfrecord))
            rows += len(examples)
            parquet = folder / f"parquet/Split-{split}/data_parquet-00000-of-00001.parquet"
            arrow = [plain(row) for row in pyarrow.parquet.read_table(parquet).to_pylist()]
            frame = pandas.read_parquet(parquet, dtype_backend="pyarrow")
            framed = [plain(row) for row in frame.to_dict("records")]
            assert len(examples) == len(arrow) == len(framed), place
            for n, example in enumerate(examples):
                assert_same((place, n), example, arrow[n])
                assert_same((place, n), example, framed[n])

            statistics = tfdv.load_stats_binary(str(folder / f"statistics/Split-{split}/FeatureStats.pb"))
            described = tfdv.generate_statistics_from_tfrecord(str(tfrecord))
            described.datasets[0].name = statistics.datasets[0].name
            assert_alike(place, described, statistics)
            if split == "train":
                assert tfdv.infer_schema(statistics) == schema, place
            anomalies = anomalies_pb2.Anomalies.FromString((folder / f"anomalies/Split-{split}/SchemaDiff.pb").read_bytes())
            assert tfdv.validate_statistics(statistics, schema) == anomalies, place
        table = next(folder.parent.parent.glob(f"tables/{folder.name}.0.csv"))
        with open(table, encoding="utf-8", newline="") as file:
            assert rows == sum(1 for _ in csv.reader(file)) - 1, folder.name
        print(f"{folder.name}: {rows} rows are read", flush=True)


main(Path(sys.argv[1]))
