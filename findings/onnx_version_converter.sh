#!/usr/bin/env bash
# onnx 1.23.2's `version_converter` hands models out that pass its checker and answer otherwise, also by its own reference evaluator: linear `Resize` of opset
# 10, and `Upsample` of 9, become a `Resize` of 11 that lacks `coordinate_transformation_mode='asymmetric'` and so samples elsewhere; `Hardmax` keeps its
# axis from 12 to 13, where it means another thing; `Softmax` does so from 13 down to 12 (which the evaluator does not tell apart), though upwards it is reshaped as it
# should. Guess: what is converted without an error answers the same.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >convert.py <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper, version_converter
from onnx.reference import ReferenceEvaluator


def run(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]


def convert(kind, before, after, x, scales=None, **attributes):
    inputs = ['x'] if scales is None else ['x', 'scales']
    held = [] if scales is None else [numpy_helper.from_array(np.array(scales, np.float32), 'scales')]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, ['y'], **attributes)], 'graph',
        [value('x', TensorProto.FLOAT, x.shape)], [value('y', TensorProto.FLOAT, None)], held,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', before)], ir_version=8)
    converted = version_converter.convert_version(model, after)
    checker.check_model(converted, full_check=True)
    answers = [run(converted, x), ReferenceEvaluator(converted).run(None, {'x': x})[0]]
    differences = ' '.join(f'{np.abs(answer - run(model, x)).max():.2f}' for answer in answers)
    print(f'{kind} {attributes} {before} to {after}: {differences}')


image = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
numbers = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
convert('Resize', 10, 11, image, [1, 1, 2, 2], mode='nearest')
convert('Softmax', 12, 13, numbers, axis=1)
convert('LogSoftmax', 12, 13, numbers, axis=1)
convert('Resize', 10, 11, image, [1, 1, 2, 2], mode='linear')
convert('Upsample', 9, 11, image, [1, 1, 2, 2], mode='linear')
convert('Hardmax', 12, 13, numbers, axis=1)
convert('Softmax', 13, 12, numbers, axis=1)
PY
python -W ignore convert.py >seen
expect 'largest difference by onnxruntime and by the reference, what is right' "$(sed -n 1,3p seen)" "Resize {'mode': 'nearest'} 10 to 11: 0.00 0.00
Softmax {'axis': 1} 12 to 13: 0.00 0.00
LogSoftmax {'axis': 1} 12 to 13: 0.00 0.00"
expect 'largest difference by onnxruntime and by the reference' "$(sed -n 4,7p seen)" "Resize {'mode': 'linear'} 10 to 11: 0.75 0.75
Upsample {'mode': 'linear'} 9 to 11: 0.75 0.75
Hardmax {'axis': 1} 12 to 13: 1.00 1.00
Softmax {'axis': 1} 13 to 12: 0.63 0.00"
