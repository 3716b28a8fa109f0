#!/usr/bin/env bash
# onnx 1.23.2's ReferenceEvaluator ends a BRANCH_MEMBER set of TreeEnsemble (ai.onnx.ml 5) at a 0 in it: 0 is in no set, and what stands behind it in the list becomes the
# set of the next such node, so that a tree with the sets {0, 1} and {7} answers as with {} and {1}. Nothing is said of it.
# Guessed: the sets are parted by NaN, as the operator's specification says.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >ask.py <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator


def array(values, kind=np.float32):
    return numpy_helper.from_array(np.array(values, kind), "values")


# In {0, 1}: 10; else in {7}: 20; else 30.
node = helper.make_node(
    "TreeEnsemble", ["x"], ["y"], domain="ai.onnx.ml",
    aggregate_function=1, post_transform=0, n_targets=1, tree_roots=[0], nodes_featureids=[0, 0],
    nodes_modes=array([6, 6], np.uint8), nodes_splits=array([0, 0]), membership_values=array([0, 1, np.nan, 7, np.nan]),
    nodes_truenodeids=[0, 1], nodes_trueleafs=[1, 1], nodes_falsenodeids=[1, 2], nodes_falseleafs=[0, 1],
    leaf_targetids=[0, 0, 0], leaf_weights=array([10, 20, 30]),
)
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in "xy")
graph = helper.make_graph([node], "g", [x], [y])
sets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
model = helper.make_model(graph, opset_imports=sets, ir_version=10)
onnx.checker.check_model(model, full_check=True)
asked = {"x": np.array([0, 1, 7, 8], np.float32).reshape(-1, 1)}
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
for answers in (ReferenceEvaluator(model).run(None, asked)[0], session.run(None, asked)[0]):
    print([int(value) for value in answers.ravel()])
PY
answers=$(python ask.py)
expect "the reference's answers to 0, 1, 7, 8" "$(sed -n 1p <<<"$answers")" "[30, 20, 30, 30]"
expect "onnxruntime's answers to 0, 1, 7, 8" "$(sed -n 2p <<<"$answers")" "[10, 10, 20, 30]"
