"""Writes onnx's backend tests of single nodes as folders, for `cargo run --release --example backend`: python backend.py FOLDER"""

import pathlib
import sys

import numpy as np
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

folder = pathlib.Path(sys.argv[1])
for case in collect_testcases(None):
    inputs, outputs = case.data_sets[0]
    if not all(isinstance(value, np.ndarray | np.generic) for value in [*inputs, *outputs]):
        inputs, outputs = [], []  # sequences and optional values, which no operator here has
    path = folder / case.name
    data = path / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    (path / "model.onnx").write_bytes(case.model.SerializeToString())
    for kind, values, infos in [("input", inputs, case.model.graph.input), ("output", outputs, case.model.graph.output)]:
        for at, (value, info) in enumerate(zip(values, infos)):
            (data / f"{kind}_{at}.pb").write_bytes(numpy_helper.from_array(np.asarray(value), info.name).SerializeToString())
