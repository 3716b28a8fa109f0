"""Features of one table by TensorFlow Transform and scikit-learn: python make_features.py DIRECTORY

Outside of CI. Ran with tensorflow-transform 1.21.0, TensorFlow 2.21.0 and scikit-learn 1.9.1 on Python 3.11 (TFT needs glibc 2.38).
"""
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

OUT = Path(sys.argv[1])
N = 97
WORDS = ["a", "b", "été", "dd", "e"]
rows = []
for n in range(N):
    k = (n * 7919 + 13) % 1009
    rows.append(
        {
            "x": float(np.float32(k / 8 - 60)),
            "i": k % 23,
            "t": ["red", "green", "blue", "größe", "zz", "zz%d" % (n % 30)][k % 6],
            "doc": " ".join(WORDS[(k * j) % 5] for j in range(1, 1 + n % 5)),
            "gap": None if n % 4 == 1 else float(np.float32(k % 50 / 4)),
        }
    )

# Without gaps: TFT.
spec = {
    "x": tf.io.FixedLenFeature([], tf.float32),
    "i": tf.io.FixedLenFeature([], tf.int64),
    "t": tf.io.FixedLenFeature([], tf.string),
    "doc": tf.io.FixedLenFeature([], tf.string),
}


def preprocess(columns):
    words = tf.compat.v1.string_split(columns["doc"])
    ids = tft.compute_and_apply_vocabulary(words, vocab_filename="words")
    smooth_index, smooth = tft.tfidf(ids, 5)
    _, rough = tft.tfidf(ids, 5, smooth=False)
    vocabulary = tft.compute_and_apply_vocabulary
    crossed = tf.strings.join([columns["t"], tf.strings.as_string(columns["i"])], separator="_X_")
    return {
        "z": tft.scale_to_z_score(columns["x"]),
        "z_int": tft.scale_to_z_score(columns["i"]),
        "min_max": tft.scale_by_min_max(columns["x"], -1, 3),
        "buckets": tft.bucketize(columns["x"], 7),
        "buckets_int": tft.bucketize(columns["i"], 4),
        "bounds": tft.apply_buckets(columns["i"], [[2.0, 5.0, 11.0]]),
        "vocabulary": vocabulary(columns["t"], vocab_filename="v1"),
        "vocabulary_top": vocabulary(columns["t"], top_k=3, num_oov_buckets=4, vocab_filename="v2"),
        "vocabulary_frequent": vocabulary(columns["t"], frequency_threshold=5, default_value=-7, vocab_filename="v3"),
        "vocabulary_int": vocabulary(columns["i"], vocab_filename="v4"),
        "hash": tft.hash_strings(columns["t"], 1000),
        "hash_crossed": tft.hash_strings(crossed, 50),
        "words_index": smooth_index,
        "words_weight": smooth,
        "rough_weight": rough,
    }


whole = [{name: value for name, value in row.items() if name in spec} for row in rows]
metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
with tft_beam.Context(temp_dir=tempfile.mkdtemp()):
    (found, _), _ = (whole, metadata) | tft_beam.AnalyzeAndTransformDataset(preprocess)
names = list(found[0])
answers = {name: [np.asarray(row[name]).reshape(-1).tolist() for row in found] for name in names}

# scikit-learn, with gaps.
column = lambda name: np.array([[np.nan if row[name] is None else row[name]] for row in rows], dtype=np.float64)
lists = lambda array: [[float(value)] for value in np.asarray(array).reshape(-1)]
gap, x = column("gap"), column("x")
for how in ["mean", "median"]:
    filled = SimpleImputer(strategy=how).fit_transform(gap)
    answers[f"gap_{how}"] = lists(filled)
    answers[f"gap_{how}_z"] = lists(StandardScaler().fit_transform(filled))
    answers[f"gap_{how}_min_max"] = lists(MinMaxScaler().fit_transform(filled))
constant = SimpleImputer(strategy="constant", fill_value=100).fit_transform(gap)
answers["gap_constant_z"] = lists(StandardScaler().fit_transform(constant))
answers["gap_constant_min_max"] = lists(MinMaxScaler((-2, 2)).fit_transform(constant))
# What was learned from some rows, for others.
answers["serving_z"] = lists(StandardScaler().fit(x[:50]).transform(x))
encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit([[row["t"]] for row in rows[:50]])
hot = encoder.transform([[row["t"]] for row in rows])
answers["one_hot"] = [sorted(str(name) for name, one in zip(encoder.categories_[0], line) if one) for line in hot]
vectors = TfidfVectorizer(token_pattern=r"[^ ]+", lowercase=False)
weights = vectors.fit_transform([row["doc"] for row in rows]).toarray()
terms = vectors.get_feature_names_out()
answers["words_unit"] = [{str(term): float(value) for term, value in zip(terms, line) if value} for line in weights]

OUT.mkdir(parents=True, exist_ok=True)
for row in rows:
    if row["gap"] is None:
        del row["gap"]
lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
(OUT / "rows.jsonl").write_text(lines)
(OUT / "answers.json").write_text("{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in answers.items()) + "\n}\n")
