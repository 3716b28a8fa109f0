#!/usr/bin/env bash
# TFX 1.21.0: its Parquet and Avro executors of ExampleGen (`dict_to_example`) turn 0, 0.0, False and an empty text into features without a value, while
# zeros within lists stay. Statistics then count them as missing, and a label of 0 and 1 keeps only its ones. Guess: 0 is a value, as CsvExampleGen has it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages tensorflow-cpu==2.19.1
python -m pip download --quiet --disable-pip-version-check --no-deps tfx==1.21.0 --only-binary :all: --python-version 3.11
unzip -q tfx-1.21.0-*.whl tfx/components/example_gen/utils.py
cat >falsy.py <<'PY'
import ast
import os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
from tensorflow.core.example import example_pb2, feature_pb2

# The two functions alone: the package itself needs a hundred others.
source = ast.parse(open('tfx/components/example_gen/utils.py').read())
source.body = [part for part in source.body if getattr(part, 'name', '') in ('pyval_to_feature', 'dict_to_example')]
tfx = {'np': np, 'example_pb2': example_pb2, 'feature_pb2': feature_pb2, '_DEFAULT_ENCODING': 'utf-8'}
exec('from typing import *\n' + ast.unparse(source), tfx)
example = tfx['dict_to_example']({'one': 1, 'zero': 0, 'nought': 0.0, 'false': False, 'empty': '', 'list': [0, 0]})
print({name: example.features.feature[name].WhichOneof('kind') for name in sorted(example.features.feature)})
PY
expect 'kinds' "$(python falsy.py 2>/dev/null)" \
    "{'empty': None, 'false': None, 'list': 'int64_list', 'nought': None, 'one': 'int64_list', 'zero': None}"
