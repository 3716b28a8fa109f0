#!/usr/bin/env bash
# onnxruntime 1.32.0's TreeEnsemble (ai.onnx.ml 5) truncates a number before it looks for it in a BRANCH_MEMBER set, if the set holds a value below 1 or above 32: 1.5 is
# then a member of {1, 2, 3, 40}. With {1, 2, 3} alone it is none, as with chains of BRANCH_EQ on the same values, and as the operator's specification says.
# Guessed: a set has the members that it lists, whatever else is in it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >ask.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

asked = np.array([1, 1.5, 2.9, 3, 4], np.float32).reshape(-1, 1)


def array(values, kind=np.float32):
    return numpy_helper.from_array(np.array(values, kind), "values")


def answer(members):
    node = helper.make_node(
        "TreeEnsemble", ["x"], ["y"], domain="ai.onnx.ml",
        aggregate_function=1, post_transform=0, n_targets=1, tree_roots=[0], nodes_featureids=[0],
        nodes_modes=array([6], np.uint8), nodes_splits=array([0]), membership_values=array([*members, np.nan]),
        nodes_truenodeids=[0], nodes_trueleafs=[1], nodes_falsenodeids=[1], nodes_falseleafs=[1],
        leaf_targetids=[0, 0], leaf_weights=array([1, 0]),
    )
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in "xy")
    graph = helper.make_graph([node], "g", [x], [y])
    sets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, opset_imports=sets, ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [int(value) for value in session.run(None, {"x": asked})[0].ravel()]


print(answer([float(value) for value in sys.argv[1:]]))
PY
expect "whether 1, 1.5, 2.9, 3, 4 are in {1, 2, 3}" "$(python ask.py 1 2 3)" "[1, 0, 0, 1, 0]"
expect "whether 1, 1.5, 2.9, 3, 4 are in {1, 2, 3, 40}" "$(python ask.py 1 2 3 40)" "[1, 1, 1, 1, 0]"
expect "whether 1, 1.5, 2.9, 3, 4 are in {-1, 2}" "$(python ask.py -1 2)" "[0, 0, 1, 0, 0]"
