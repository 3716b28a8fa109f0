#!/usr/bin/env bash
# protobuf 6.33.6: `SerializeToString(deterministic=True)` of the implementation that its wheels use (upb) puts a key of a map before its own beginnings,
# `big` before `b`; the pure-Python one of the same package puts it behind them. So what hashes such bytes differs by implementation: TFX puts rows into
# splits by the SHA-256 of a `tf.train.Example`, whose features are such a map. Guess: keys in ascending order, and the same bytes from either.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages protobuf==6.33.6
cat >order.py <<'PY'
import hashlib

from google.protobuf import struct_pb2
from google.protobuf.internal import api_implementation

struct = struct_pb2.Struct()
for key in ['b', 'big', 'ab', 'a']:
    struct.fields[key].number_value = 1
data = struct.SerializeToString(deterministic=True)
order = sorted(struct.fields, key=lambda key: data.index(b'\x0a' + bytes([len(key)]) + key.encode() + b'\x12'))
print(api_implementation.Type(), *order, 'bucket', int(hashlib.sha256(data).hexdigest(), 16) % 3)
PY
expect "of the wheel" "$(python order.py)" 'upb ab a big b bucket 1'
expect "of pure Python" "$(PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python python order.py)" 'python a ab b big bucket 0'
