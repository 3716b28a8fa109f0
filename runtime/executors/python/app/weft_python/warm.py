"""One run while the component is built, so that what a first run costs is in the snapshot.

Modules that are loaded only when they are used, compiled patterns, and CPython's own specialised instructions are kept with it.
"""

import io
import json
import logging
import os
import shutil
import sys

from . import kfp_function, process

SOURCE = '''
import kfp
from kfp import dsl
from kfp.dsl import *
from typing import *

def warm(
    number: int,
    text: str,
    table: dict,
    items: list,
    model: Input[Model],
    data: Output[Dataset],
    metrics: Output[Metrics],
    curve: Output[ClassificationMetrics],
    path: OutputPath(str),
    maybe: Optional[float] = None,
) -> NamedTuple("Outputs", [("text", str), ("number", int)]):
    import csv
    import json
    import os
    import random
    from collections import namedtuple
    with open(data.path, "w") as file:
        csv.writer(file).writerows([[1, "a"], [2, "b"]])
    with open(data.path) as file:
        rows = list(csv.reader(file))
    with open(path, "w") as file:
        json.dump(rows, file)
    metrics.log_metric("accuracy", random.Random(1).random())
    curve.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])
    data.metadata["rows"] = len(rows)
    print(f"{number + 1} {os.path.exists(model.path)}")
    return namedtuple("Outputs", ["text", "number"])(text, number)
'''


def warm_up(folder: str) -> None:
    """Runs a KFP function with its files in `folder`, which can be written; nothing of the run is left but what it warmed."""
    place = f"{folder}/warm"
    handlers, level = logging.root.handlers[:], logging.root.level
    # The compiler closes its own end of the streams.
    stdout, sys.stdout = sys.stdout, io.StringIO()
    before = sys.argv[:], sys.path[:], kfp_function.FOLDER
    kfp_function.FOLDER = f"{place}/component"
    try:
        # Specialised are those instructions that ran more than once.
        for _ in range(10):
            status = process.guarded(lambda: process.run(["python3", "--kfp-function", SOURCE, *arguments(place)]))
            if status != 0:
                raise RuntimeError("the function to warm up with failed")
            del sys.modules[kfp_function.MODULE]
            process.guarded(lambda: process.run(["python3", "-c", "import json; print(json.dumps([1]))"]))
            logging.root.handlers[:] = handlers
    finally:
        sys.stdout = stdout
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        sys.argv[:], sys.path[:], kfp_function.FOLDER = before
        del os.environ["_KFP_RUNTIME"]
        shutil.rmtree(place)


def arguments(place: str) -> list[str]:
    def artifact(name: str, kind: str) -> dict:
        named = {"name": name, "uri": f"{place}/{name}", "metadata": {}, "type": {"schemaTitle": kind, "schemaVersion": "0.0.1"}}
        return {"artifacts": [named]}

    given = {
        "inputs": {
            "parameterValues": {"number": 1, "text": "a", "table": {"a": [1.5]}, "items": [1, None]},
            "artifacts": {"model": artifact("model", "system.Model")},
        },
        "outputs": {
            "parameters": {name: {"outputFile": f"{place}/outputs/{name}"} for name in ("path", "text", "number")},
            "artifacts": {
                "data": artifact("data", "system.Dataset"),
                "metrics": artifact("metrics", "system.Metrics"),
                "curve": artifact("curve", "system.ClassificationMetrics"),
            },
            "outputFile": f"{place}/output_metadata.json",
        },
    }
    return ["--executor_input", json.dumps(given), "--function_to_execute", "warm"]
