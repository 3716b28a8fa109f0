#!/usr/bin/env bash
# onnxruntime 1.32.0's TreeEnsembleRegressor leaves base_values out for a target for which the leaves that a row reaches have no weight: it is then 0. onnx's own
# reference gives the base value, as the operator's specification says ("added to final prediction"). With a weight of 0 in the leaf it is right.
# Guessed: a weight that is not listed is 0.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >ask.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

# A tree whose left leaf answers for target 0, and whose right leaf for target 1; with "zeros", each for both.
weights = {(1, 0): 3.0, (2, 1): 4.0}
if sys.argv[1] == "zeros":
    weights |= {(1, 1): 0.0, (2, 0): 0.0}
nodes, targets = zip(*weights)
node = helper.make_node(
    "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=2, base_values=[10.0, 20.0],
    nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_values=[0.5, 0.0, 0.0],
    nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
    target_treeids=[0] * len(nodes), target_nodeids=nodes, target_ids=targets, target_weights=list(weights.values()),
)
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])
sets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=sets, ir_version=8)
onnx.checker.check_model(model, full_check=True)
asked = {"x": np.array([[0], [1]], np.float32)}
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
print(session.run(None, asked)[0].tolist(), ReferenceEvaluator(model).run(None, asked)[0].tolist())
PY
expect "onnxruntime and the reference, weights of 0 left out" "$(python ask.py none)" "[[13.0, 0.0], [0.0, 24.0]] [[13.0, 20.0], [10.0, 24.0]]"
expect "onnxruntime and the reference, weights of 0 listed" "$(python ask.py zeros)" "[[13.0, 20.0], [10.0, 24.0]] [[13.0, 20.0], [10.0, 24.0]]"
