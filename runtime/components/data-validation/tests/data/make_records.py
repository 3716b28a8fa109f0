"""TFRecord files of six small tables with what CSV cannot have, and TFDV's answers for them: statistics, schemas, slices, and what schemas change.

Outside of CI. Ran with tensorflow-data-validation 1.21.0 on Python 3.11 (needs glibc 2.38): python make_records.py DIRECTORY
"""
import sys
from pathlib import Path

import tensorflow_data_validation as tfdv
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_data_validation.utils import slicing_util
from tensorflow_metadata.proto.v0 import schema_pb2

OUT = Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
F = tf.train.Feature


def ints(*values):
    return F(int64_list=tf.train.Int64List(value=values))


def floats(*values):
    return F(float_list=tf.train.FloatList(value=values))


def texts(*values):
    values = [v.encode() if isinstance(v, str) else v for v in values]
    return F(bytes_list=tf.train.BytesList(value=values))


def scramble(n):
    return (n * 7919 + 13) % 1009


TABLES = {
    # One value each, all there.
    "dense": [dict(i=ints(scramble(n) % 50), f=floats(scramble(n) / 8), t=texts("abc"[scramble(n) % 3])) for n in range(60)],
    # Lists of different lengths, empty ones among them.
    "ragged": [
        dict(i=ints(*range(n % 4)), f=floats(*[n / 4] * (n % 3)), t=texts(*["x", "yy", "zzz", "x"][: n % 5]))
        for n in range(47)
    ],
    # Features that are not there, that are there without values, and without a list.
    "missing": [
        {
            **({"i": ints(n)} if n % 3 else {}),
            **({"f": floats(n)} if n % 4 else {"f": floats()}),
            **({"t": texts("v%d" % (n % 2))} if n % 5 else {"t": F()}),
            "never": F(),
            "empty": ints(),
        }
        for n in range(31)
    ],
    # Always as many values.
    "fixed": [dict(v=floats(n, n + 0.5, -n), w=ints(n, n), one=ints(1)) for n in range(25)],
    # Bytes that are no text, empty text, NaN and infinities within lists.
    "odd": [
        dict(b=texts(b"\xff\xfe", "é"), e=texts(""), f=floats(float("nan"), 1.0 if n % 2 else float("inf")), big=ints(2**62, -(2**62)))
        for n in range(12)
    ],
    # A column that begins late, and more rows than quantiles are kept for.
    "late": [dict(a=ints(n % 7), **({"late": texts("l")} if n >= 1500 else {})) for n in range(2000)],
}


def write(path, rows):
    with tf.io.TFRecordWriter(str(path), "GZIP") as out:
        for row in rows:
            out.write(tf.train.Example(features=tf.train.Features(feature=row)).SerializeToString(deterministic=True))


def text(message):
    return text_format.MessageToString(message, as_utf8=True)


for name, rows in TABLES.items():
    path = OUT / f"{name}.tfrecord.gz"
    write(path, rows)
    stats = tfdv.generate_statistics_from_tfrecord(str(path))
    (OUT / f"{name}.stats.pbtxt").write_text(text(stats))
    (OUT / f"{name}.schema.pbtxt").write_text(text(tfdv.infer_schema(stats)))

# Values of one table against the schema of another: valency and shapes.
for data, by in [("ragged", "dense"), ("missing", "dense"), ("dense", "ragged"), ("dense", "fixed"), ("odd", "ragged")]:
    stats = tfdv.load_stats_text(str(OUT / f"{data}.stats.pbtxt"))
    schema = tfdv.load_schema_text(str(OUT / f"{by}.schema.pbtxt"))
    (OUT / f"{data}_by_{by}.anomalies.pbtxt").write_text(text(tfdv.validate_statistics(stats, schema)))

SLICES = {
    "by_text": {"t": None},
    "by_values": {"i": [1, 3]},
    "crossed": {"t": None, "i": [1, 2]},
}
for name, features in SLICES.items():
    options = tfdv.StatsOptions(experimental_slice_functions=[slicing_util.get_feature_value_slicer(features)])
    stats = tfdv.generate_statistics_from_tfrecord(str(OUT / "ragged.tfrecord.gz"), stats_options=options)
    stats.datasets.sort(key=lambda one: (one.name != "All Examples", one.name))
    (OUT / f"ragged_{name}.slices.pbtxt").write_text(text(stats))

# What a schema says changes what is described: sparse and weighted features, integers that are categories, images.
CLAIMS = {
    "composite": """
        feature { name: "i" type: INT bool_domain {} }
        feature { name: "f" type: FLOAT }
        feature { name: "t" type: BYTES natural_language_domain { coverage { min_coverage: 0.5 } } }
        sparse_feature { name: "sparse" value_feature { name: "f" } index_feature { name: "t" } index_feature { name: "i" } }
        sparse_feature { name: "nowhere" value_feature { name: "t" } index_feature { name: "gone" } }
        weighted_feature { name: "weighted" feature { step: "t" } weight_feature { step: "f" } }""",
    "image": """
        feature { name: "i" type: INT domain: "words" }
        feature { name: "f" type: FLOAT time_of_day_domain { string_format: "%H:%M" } }
        feature { name: "t" type: BYTES image_domain { max_image_byte_size: 2 minimum_supported_image_fraction: 0.5 } }
        weighted_feature { name: "f" feature { step: "t" } weight_feature { step: "f" } lifecycle_stage: DISABLED }
        string_domain { name: "words" value: "1" }""",
}
for name, claims in CLAIMS.items():
    schema = text_format.Parse(claims, schema_pb2.Schema())
    (OUT / f"{name}.claims.pbtxt").write_text(text(schema))
    for table in ["ragged", "missing"]:
        path = str(OUT / f"{table}.tfrecord.gz")
        stats = tfdv.generate_statistics_from_tfrecord(path, stats_options=tfdv.StatsOptions(schema=schema))
        # Natural language is not described here.
        for feature in stats.datasets[0].features:
            kept = [one for one in feature.custom_stats if one.name != "nl_statistics"]
            del feature.custom_stats[:]
            feature.custom_stats.extend(kept)
        (OUT / f"{table}_{name}.stats.pbtxt").write_text(text(stats))
        (OUT / f"{table}_{name}.anomalies.pbtxt").write_text(text(tfdv.validate_statistics(stats, schema)))
