#!/usr/bin/env bash
# TensorFlow 2.21.0: `FixedLenFeature` with a default fails on a feature that has an empty list, as TFX's CsvExampleGen writes for an empty cell; the default
# serves only where the feature is absent or has no list at all. Guess: a feature without a value is given the default.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages tensorflow-cpu==2.21.0
cat >empty.py <<'PY'
import tensorflow as tf

empty = tf.train.Feature(int64_list=tf.train.Int64List())
for feature in [{}, {'x': tf.train.Feature()}, {'x': empty}]:
    example = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    try:
        print(tf.io.parse_single_example(example, {'x': tf.io.FixedLenFeature([], tf.int64, 7)})['x'].numpy())
    except tf.errors.InvalidArgumentError as error:
        print('Key: x.' in str(error) and 'fails')
PY
expect 'absent, without a list, with an empty one' "$(python -W ignore empty.py 2>/dev/null)" '7
7
fails'
