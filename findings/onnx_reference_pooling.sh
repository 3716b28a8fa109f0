#!/usr/bin/env bash
# onnx 1.23.2's ReferenceEvaluator answers MaxPool and LpPool otherwise than their specification: too many windows with `ceil_mode` beside padding and a stride
# of 1, too few with `auto_pad` SAME_LOWER (5 by 2 is 3), a second output of MaxPool that does not lead to the maxima at a stride of 1, and with `ceil_mode`
# twice the sum for a window of LpPool of which half is beyond the end. onnxruntime 1.32.0 and onnx's own shape inference answer as specified.
# Guess: the reference is right.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >pool.py <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def answers(operator, x, outputs=1, **attributes):
    node = helper.make_node(operator, ['x'], [f'y{n}' for n in range(outputs)], **attributes)
    kinds = [TensorProto.FLOAT, TensorProto.INT64]
    graph = helper.make_graph(
        [node], 'g', [helper.make_tensor_value_info('x', TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info(name, kind, [None] * 4) for name, kind in zip(node.output, kinds)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 22)], ir_version=10)
    onnx.checker.check_model(model)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return [one.run(None, {'x': x})[-1] for one in (ReferenceEvaluator(model), session)], [size.dim_value for size in inferred]


x = np.arange(25, dtype=np.float32).reshape(1, 1, 5, 5)
for attributes in (dict(kernel_shape=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1), dict(kernel_shape=[2, 2], strides=[2, 2], auto_pad='SAME_LOWER')):
    (reference, runtime), inferred = answers('MaxPool', x, **attributes)
    print(list(reference.shape[2:]), list(runtime.shape[2:]), inferred[2:], end='; ')
x = np.float32(np.arange(20) * 7 % 20).reshape(1, 1, 4, 5)
(reference, runtime), _ = answers('MaxPool', x, outputs=2, kernel_shape=[2, 2], strides=[1, 1])
print(*([int(x.ravel()[place]) for place in places.ravel()] for places in (reference, runtime)), end='; ')
(reference, runtime), _ = answers('LpPool', np.ones((1, 1, 1, 3), np.float32), kernel_shape=[1, 2], strides=[1, 2], ceil_mode=1, p=1)
print(reference.ravel().tolist(), runtime.ravel().tolist())
PY
expect 'shapes by the reference, onnxruntime, inference; what indices lead to; sums of absolute values' "$(python -W ignore pool.py)" \
    '[8, 8] [6, 6] [6, 6]; [2, 2] [3, 3] [3, 3]; [14, 14, 15, 15, 16, 16, 16, 17, 17, 18, 18, 18] [15, 14, 16, 16, 17, 17, 16, 18, 17, 19, 19, 18]; [2.0, 2.0] [2.0, 1.0]'
