"""Seconds of onnxruntime with one thread, of the library here, and their ratio, in the same run: python bench.py PATH-OF-THE-EXAMPLE-bench

The example is a program of this machine, or `bench.wasm`, built for wasm32-wasip2, which runs in wasmtime as the sandbox does. Each is the best of
many runs that alternate, so that both meet the same machine."""

import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import lightgbm
import numpy as np
import onnx
import onnxruntime
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn import ensemble

warnings.filterwarnings("ignore")
BENCH, ROUNDS, ROWS, COLUMNS = sys.argv[1], 3, 100_000, 20
rng = np.random.default_rng(0)
train = rng.normal(size=(20_000, COLUMNS)).astype(np.float32)
signal = train[:, 0] * train[:, 1] + np.sin(3 * train[:, 2]) + train[:, 3:8].sum(axis=1) * 0.3
real = signal + rng.normal(scale=0.3, size=len(train))
multi = np.digitize(real, [-0.8, 0.8])
rows = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
kind = [("X", FloatTensorType([None, COLUMNS]))]

models = {
    "random forest regressor, 100 trees, depth 12": to_onnx(ensemble.RandomForestRegressor(100, max_depth=12, n_jobs=2, random_state=0).fit(train, real), train[:1]),
    "random forest classifier, 100 trees, depth 12": to_onnx(ensemble.RandomForestClassifier(100, max_depth=12, n_jobs=2, random_state=0).fit(train, multi), train[:1], options={"zipmap": False}),
    "XGBoost regressor, 100 trees, depth 6": convert_xgboost(xgboost.XGBRegressor(n_estimators=100, max_depth=6).fit(train, real), initial_types=kind),
    "XGBoost classifier of 3, 300 trees, depth 6": convert_xgboost(xgboost.XGBClassifier(n_estimators=100, max_depth=6).fit(train, multi), initial_types=kind),
    "LightGBM regressor, 100 trees, 31 leaves": convert_lightgbm(lightgbm.LGBMRegressor(verbose=-1).fit(train, real), initial_types=kind),
    "LightGBM classifier of 3, 300 trees, 31 leaves": convert_lightgbm(lightgbm.LGBMClassifier(verbose=-1).fit(train, multi), initial_types=kind, zipmap=False),
}


def convolutional(channels, size, blocks, classes):
    """A network for images: blocks of two convolutions and a pool, then two dense layers."""
    nodes, weights, at, planes = [], [], "X", channels

    def weight(name, *shape):
        weights.append(onnx.numpy_helper.from_array((rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32), name))
        return name

    def add(kind, *inputs, **attributes):
        nodes.append(onnx.helper.make_node(kind, inputs, [f"n{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    for block, wide in enumerate(blocks):
        for turn in "ab":
            at = add("Conv", at, weight(f"w{block}{turn}", wide, planes, 3, 3), weight(f"b{block}{turn}", wide), pads=[1, 1, 1, 1])
            at, planes = add("Relu", at), wide
        at, size = add("MaxPool", at, kernel_shape=[2, 2], strides=[2, 2]), size // 2
    at = add("Flatten", at)
    at = add("Relu", add("Gemm", at, weight("d", 128, planes * size * size), weight("e", 128), transB=1))
    at = add("Softmax", add("Gemm", at, weight("f", classes, 128), weight("g", classes), transB=1))
    value = lambda name, *shape: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", *shape])
    graph = onnx.helper.make_graph(nodes, "cnn", [value("X", channels, 2 ** len(blocks) * size, 2 ** len(blocks) * size)], [value(at, classes)], weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)


images = {
    "network of 4 convolutions, 28 by 28, 20 images": (convolutional(1, 28, [16, 32], 10), rng.normal(size=(20, 1, 28, 28)).astype(np.float32)),
    "network of 6 convolutions, 32 by 32 in colours, 20 images": (convolutional(3, 32, [32, 64, 128], 10), rng.normal(size=(20, 3, 32, 32)).astype(np.float32)),
}
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for name, (model, rows) in {**{name: (model, rows) for name, model in models.items()}, **images}.items():
        rows.tofile(folder / "rows")
        (folder / "model").write_bytes(model.SerializeToString())
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        theirs, ours, runs = [], [], 3 if len(rows) == ROWS else 60
        shape = ",".join(map(str, rows.shape[1:]))
        program = [BENCH, folder / "model", folder / "rows"]
        if BENCH.endswith(".wasm"):
            program = [sys.executable, pathlib.Path(__file__).with_name("sandbox.py"), BENCH, folder, "/model", "/rows"]
        for _ in range(ROUNDS):
            for _ in range(runs):
                start = time.perf_counter()
                session.run(None, {session.get_inputs()[0].name: rows})
                theirs.append(time.perf_counter() - start)
            ours.append(float(subprocess.check_output([*program, shape, str(runs)])))
        print(f"{name}: onnxruntime {min(theirs):.4f} s, here {min(ours):.4f} s, ratio {min(ours) / min(theirs):.2f}", flush=True)
