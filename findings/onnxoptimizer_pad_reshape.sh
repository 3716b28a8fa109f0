#!/usr/bin/env bash
# onnxoptimizer 0.4.2, with the passes that it takes unless told otherwise, changes what valid models answer: zeros of a `Pad` go into the pads of the
# `MaxPool` below, which are no zeros but never the maximum, so that borders of negative numbers are no longer 0; and of two `Reshape` in a row the first
# is left out, though a 0 in the second's shape stands for a size that the first made: 6 rows of 4 become 2 of 12. `AveragePool` is fused as it should.
# Guess: these fusions look for what keeps them from being equal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnxoptimizer==0.4.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >optimize.py <<'PY'
import numpy as np
import onnx
import onnxoptimizer
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def run(model, x):
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]


def compare(nodes, x, rank, **held):
    value = helper.make_tensor_value_info
    held = [numpy_helper.from_array(np.array(numbers, np.int64), name) for name, numbers in held.items()]
    graph = helper.make_graph(nodes, 'graph', [value('x', TensorProto.FLOAT, x.shape)], [value('y', TensorProto.FLOAT, [None] * rank)], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    optimized = onnxoptimizer.optimize(model)
    print('+'.join(node.op_type for node in nodes), 'to', '+'.join(node.op_type for node in optimized.graph.node), end=': ')
    return run(model, x), run(optimized, x)


node = helper.make_node
series = np.array([[[-4, -3, -2, -1]]], np.float32)
for pool, attributes in (('AveragePool', {'count_include_pad': 1}), ('AveragePool', {}), ('MaxPool', {})):
    nodes = [node('Pad', ['x', 'pads'], ['wide']), node(pool, ['wide'], ['y'], kernel_shape=[3], **attributes)]
    print(*(answer.round(2).tolist() for answer in compare(nodes, series, 3, pads=[0, 0, 1, 0, 0, 1])))
nodes = [node('Reshape', ['x', 'first'], ['rows']), node('Reshape', ['rows', 'then'], ['y'])]
for then in ([6, -1], [0, -1]):
    print(*(answer.shape for answer in compare(nodes, np.zeros((2, 3, 4), np.float32), 2, first=[6, 4], then=then)))
PY
python -W ignore optimize.py >seen
expect 'averages before and after' "$(sed -n 1,2p seen)" 'Pad+AveragePool to AveragePool: [[[-2.3299999237060547, -3.0, -2.0, -1.0]]] [[[-2.3299999237060547, -3.0, -2.0, -1.0]]]
Pad+AveragePool to AveragePool: [[[-2.3299999237060547, -3.0, -2.0, -1.0]]] [[[-2.3299999237060547, -3.0, -2.0, -1.0]]]'
expect 'maxima before and after' "$(sed -n 3p seen)" 'Pad+MaxPool to MaxPool: [[[0.0, -2.0, -1.0, 0.0]]] [[[-3.0, -2.0, -1.0, -1.0]]]'
expect 'shapes before and after, the rows told' "$(sed -n 4p seen)" 'Reshape+Reshape to Reshape: (6, 4) (6, 4)'
expect 'shapes before and after, the rows taken over' "$(sed -n 5p seen)" 'Reshape+Reshape to Reshape: (6, 4) (2, 12)'
