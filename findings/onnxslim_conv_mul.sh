#!/usr/bin/env bash
# onnxslim 0.1.98 takes the constant by which what a `Conv` answers is multiplied for one factor a channel where it has as many numbers as there are
# channels, and moves it into the weights; but a constant of shape [2] is laid along the last axis, the positions. A window over the positions so becomes a
# scale of channels. A constant of shape [2, 1], a factor a channel indeed, is fused as it should, one of [2] below an `Add` is left.
# Guess: it fuses by the shape, not the count.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnxslim==0.1.98 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >slim.py <<'PY'
import numpy as np
import onnx
import onnxruntime
import onnxslim
from onnx import TensorProto, helper, numpy_helper


def run(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]


x = np.ones((1, 1, 4), np.float32)
weights = np.ones((2, 1, 3), np.float32)
for kind, shape in (('Mul', (2, 1)), ('Add', (2,)), ('Mul', (2,))):
    held = {'weights': weights, 'factors': np.array([1, 10], np.float32).reshape(shape)}
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node('Conv', ['x', 'weights'], ['sums']), helper.make_node(kind, ['sums', 'factors'], ['y'])], 'graph',
        [value('x', TensorProto.FLOAT, ['rows', 1, 4])], [value('y', TensorProto.FLOAT, ['rows', 2, 2])],
        [numpy_helper.from_array(array, name) for name, array in held.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    answer = run(model, x)
    slim = onnxslim.slim(model)
    print(kind, shape, answer.tolist(), run(slim, x).tolist(), *(node.op_type for node in slim.graph.node))
PY
python -W ignore slim.py >seen 2>/dev/null
expect 'before and after, what is right' "$(sed -n 1,2p seen)" 'Mul (2, 1) [[[3.0, 3.0], [30.0, 30.0]]] [[[3.0, 3.0], [30.0, 30.0]]] Conv
Add (2,) [[[4.0, 13.0], [4.0, 13.0]]] [[[4.0, 13.0], [4.0, 13.0]]] Conv Add'
expect 'before and after, a factor a position' "$(sed -n 3p seen)" 'Mul (2,) [[[3.0, 30.0], [3.0, 30.0]]] [[[3.0, 3.0], [30.0, 30.0]]] Conv'
