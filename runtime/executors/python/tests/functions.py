"""Components to compare with what kfp's executor does natively: of every kind of input and output."""

import os
import tempfile
from typing import Dict, List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    InputPath,
    Markdown,
    Metrics,
    Model,
    Output,
    OutputPath,
    PipelineTaskFinalStatus,
    SlicedClassificationMetrics,
)

EMBEDDED = tempfile.mkdtemp()
with open(os.path.join(EMBEDDED, "beside.py"), "w") as _file:
    _file.write("def shout(text):\n    return text.upper()\n")
with open(os.path.join(EMBEDDED, "words.txt"), "w") as _file:
    _file.write("some words")


@dsl.component
def parameters(a: int, b: float, c: str, d: bool, e: list, f: dict, g: Optional[int] = None, h: str = "default") -> dict:
    return {"all": [a, b, c, d, e, f, g, h], "types": [type(x).__name__ for x in (a, b, c, d, e, f, g, h)]}


@dsl.component
def returns_str() -> str:
    return "ä€"


@dsl.component
def returns_list() -> List[int]:
    return [1, 2]


@dsl.component
def returns_dict() -> Dict[str, float]:
    return {"x": 1.5}


@dsl.component
def returns_int_for_float() -> float:
    return 3


@dsl.component
def returns_bool() -> bool:
    return True


@dsl.component
def returns_wrong() -> int:
    return "three"


@dsl.component
def returns_named(n: int) -> NamedTuple("Outputs", [("half", float), ("name", str), ("table", Dataset)]):
    from collections import namedtuple

    return namedtuple("Outputs", ["half", "name", "table"])(n / 2, "x" * n, "a,b\n1,2\n")


@dsl.component
def returns_artifact() -> Dataset:
    return "a,b\n1,2\n"


@dsl.component
def artifacts(
    given: Input[Dataset],
    many: Input[List[Artifact]],
    data: Output[Dataset],
    model: Output[Model],
    other: Output[Artifact],
    page: Output[HTML],
    text: Output[Markdown],
):
    import json
    import os

    with open(given.path) as source, open(data.path, "w") as target:
        target.write(source.read() * 2)
    data.metadata["rows"] = 2
    data.metadata["from"] = given.metadata
    os.makedirs(model.path)
    with open(model.path + "/weights.json", "w") as file:
        json.dump([1.0, 2.0], file)
    model.framework = "none"
    for path, words in ((other.path, "other"), (page.path, "<p>"), (text.path, "# t")):
        with open(path, "w") as file:
            file.write(words)
    print(type(given).__name__, given.name, [type(one).__name__ for one in many], [open(one.path).read() for one in many])


@dsl.component
def metrics(plain: Output[Metrics], classes: Output[ClassificationMetrics]):
    plain.log_metric("accuracy", 0.5)
    plain.log_metric("n", 3)
    classes.log_roc_curve([0.0, 0.5, 1.0], [0.0, 0.6, 1.0], [1.0, 0.5, 0.0])
    classes.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])


@dsl.component
def sliced_metrics(sliced: Output[SlicedClassificationMetrics]):
    sliced.load_roc_readings("slice", [[1.0, 0.0, 0.0], [0.5, 0.6, 0.5]])
    sliced.set_confusion_matrix_categories("slice", ["a", "b"])


@dsl.component
def paths(given: InputPath("Dataset"), data: OutputPath("Model"), word: OutputPath(str), number: OutputPath(int)):
    with open(given) as source, open(data, "w") as target:
        target.write(source.read())
    with open(word, "w") as file:
        file.write("a word")
    with open(number, "w") as file:
        file.write("7")


@dsl.component
def final_status(status: PipelineTaskFinalStatus) -> str:
    return f"{status.state} {status.pipeline_task_name} {status.error_code} {status.error_message}"


@dsl.component
def where(data: Output[Dataset]) -> str:
    from kfp.dsl import get_uri

    data.uri = get_uri("elsewhere")
    with open(data.path, "w") as file:
        file.write("x")
    return data.path


@dsl.component
def moved(data: Output[Dataset]):
    import os

    data.custom_path = os.path.join(os.path.dirname(data.path), "moved.csv")
    with open(data.custom_path, "w") as file:
        file.write("moved")


@dsl.component(embedded_artifact_path=EMBEDDED)
def embedded(words: dsl.EmbeddedInput[Dataset]) -> str:
    import os

    from beside import shout

    with open(os.path.join(words.path, "words.txt")) as file:
        return shout(file.read())


@dsl.component(embedded_artifact_path=os.path.join(EMBEDDED, "words.txt"))
def embedded_file(words: dsl.EmbeddedInput[Dataset]) -> str:
    with open(words.path) as file:
        return file.read()


def twice(n: int) -> int:
    return 2 * n


@dsl.component(additional_funcs=[twice])
def with_helper(n: int) -> int:
    return twice(n)


@dsl.component
def uses_itself(n: int) -> str:
    import dataclasses
    import inspect
    import pickle
    import sys

    @dataclasses.dataclass
    class Point:
        x: int

    source = inspect.getsource(uses_itself)
    return f"{source.count('inspect')} {Point(n)} {pickle.dumps(n, 4)} {__name__} {sys.modules[__name__] is not None}"


@dsl.component
def logs():
    import logging

    logging.info("a line of the function's")
    print("printed")


@dsl.component
def fails(n: int):
    def inner():
        raise ValueError(f"cannot do {n}")

    inner()


@dsl.component
def exits():
    import sys

    sys.exit(4)
