#!/usr/bin/env bash
# onnxruntime 1.32.0: where the leaves of a tree ensemble vote for both of two classes, the labels are no classes of the model: 1 if the second score is above
# zero and 0 otherwise, whatever the classes are and whichever score is larger. The scores are right. Guess: the class of the larger score, as ONNX says of
# TreeEnsembleClassifier and as onnx's reference answers. Most converters write votes for one of two classes; CatBoost writes them for both, and meets it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >votes.py <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

node = helper.make_node(
    "TreeEnsembleClassifier", ["X"], ["label", "scores"], domain="ai.onnx.ml", post_transform="NONE", classlabels_int64s=[7, 8],
    nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_values=[0.0, 0.0, 0.0],
    nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
    class_treeids=[0, 0, 0, 0], class_nodeids=[1, 1, 2, 2], class_ids=[0, 1, 0, 1], class_weights=[0.9, 0.1, 0.2, 0.8],
)
value = helper.make_tensor_value_info
graph = helper.make_graph(
    [node], "votes", [value("X", TensorProto.FLOAT, [None, 1])], [value("label", TensorProto.INT64, [None]), value("scores", TensorProto.FLOAT, [None, 2])]
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 18)], ir_version=9)
onnx.checker.check_model(model, full_check=True)
rows = {"X": np.array([[-1.0], [1.0]], dtype=np.float32)}
reference = ReferenceEvaluator(model).run(None, rows)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
answer = session.run(None, rows)
print(reference[0].tolist(), answer[0].tolist(), np.array_equal(reference[1], answer[1]))
PY
expect 'of classes 7 and 8: labels of the reference, of onnxruntime, scores equal' "$(python votes.py)" '[7, 8] [1, 1] True'
