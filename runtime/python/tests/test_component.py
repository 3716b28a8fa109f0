"""`weftwork.component`: a function gives as a component of its own what it gives as one of KFP's."""

import json
from typing import Dict, List, NamedTuple, Optional

import pytest
from conftest import content
from kfp import dsl, local
from kfp.dsl import HTML, ClassificationMetrics, Dataset, Input, Metrics, Model, Output

import weftwork


def everything(
    data: Input[Dataset],
    parts: Input[List[Dataset]],
    count: int,
    rate: float,
    flag: bool,
    names: List[str],
    table: Dict[str, float],
    model: Output[Model],
    metrics: Output[Metrics],
    roc: Output[ClassificationMetrics],
    page: Output[HTML],
    note: Optional[str] = None,
    times: int = 2,
) -> NamedTuple(
    "Outputs", [("text", str), ("total", int), ("half", float), ("names", List[str]), ("table", Dict[str, float])]
):
    """Reads and writes of every kind."""
    import os

    with open(data.path) as file:
        text = file.read()
    for part in parts:
        with open(part.path) as file:
            text += file.read()
    os.makedirs(os.path.join(model.path, "inner"))
    with open(os.path.join(model.path, "inner", "weights"), "w") as file:
        file.write(text * times)
    model.metadata["rows"] = data.metadata["rows"]
    model.metadata["deep"] = {"list": [1, "two"], "flag": flag}
    metrics.log_metric("accuracy", 0.75)
    roc.log_roc_curve([0.0, 0.25, 1.0], [0.0, 0.75, 1.0], [1.0, 0.5, 0.0])
    roc.log_confusion_matrix(["cat", "dog"], [[3, 1], [0, 4]])
    with open(page.path, "w") as file:
        file.write("<h1>page</h1>")
    return f"{text} {note} {flag}", count * times, rate, names[::-1], {**table, "more": 1.0}


@dsl.component(base_image="python:3.12")
def dataset(text: str, data: Output[Dataset]):
    with open(data.path, "w") as file:
        file.write(text)
    data.metadata["rows"] = len(text)


def known(value):
    if isinstance(value, dsl.Artifact):
        return type(value).__name__, value.metadata, content(value.path)
    return value


def of_pipeline(component):
    """What the function's outputs are in a pipeline: those that are parameters, and those that are artifacts."""

    @dsl.pipeline
    def pipeline() -> NamedTuple(
        "Outputs",
        [
            ("model", Model),
            ("roc", ClassificationMetrics),
            ("page", HTML),
            ("text", str),
            ("total", int),
            ("half", float),
            ("table", dict),
        ],
    ):
        first, second = dataset(text="abc"), dataset(text="de")
        with dsl.ParallelFor(["x", "yz"]) as text:
            parts = dataset(text=text)
        task = component(
            data=first.outputs["data"],
            parts=dsl.Collected(parts.outputs["data"]),
            count=3,
            rate=0.5,
            flag=True,
            names=["a", "b"],
            table={"k": 0.25},
        )
        task.after(second)
        names = ["model", "roc", "page", "text", "total", "half", "table"]
        outputs = NamedTuple(
            "Outputs",
            [
                ("model", Model),
                ("roc", ClassificationMetrics),
                ("page", HTML),
                ("text", str),
                ("total", int),
                ("half", float),
                ("table", dict),
            ],
        )
        return outputs(**{name: task.outputs[name] for name in names})

    return {name: known(value) for name, value in pipeline().outputs.items()}


def test_it_gives_what_kfps_gives(folder):
    local.init(runner=local.SubprocessRunner(use_venv=False))
    theirs = of_pipeline(dsl.component(base_image="python:3.12")(everything))
    component = weftwork.component(everything)
    runner = weftwork.WeftRunner()
    local.init(runner=runner)
    ours = of_pipeline(component)
    assert ours == theirs
    assert ours["text"] == "abcxyz None True"
    assert runner.last_run.metrics["accuracy"] == 0.75

    # One file, which the same function finds again.
    assert [file.name for file in (folder / "components").iterdir()] == [component.wasm.name]
    assert component.wasm.name.startswith("everything-")
    built = component.wasm.stat().st_mtime_ns
    assert weftwork.component(everything).wasm.stat().st_mtime_ns == built

    # Without Python: the signature is in the file.
    (folder / "a.txt").write_text("abc")
    given = {"count": 2, "rate": 1.0, "flag": False, "names": [], "table": [], "note": "said", "times": 1}
    given.update(data="${inputs.data}", parts="${inputs.parts}")
    steps = {"all": {"component": str(component.wasm), "with": given}}
    pipeline = {"name": "native", "inputs": {"data": "dataset", "parts": "list<dataset>"}, "steps": steps}
    (folder / "native.yaml").write_text(json.dumps(pipeline))
    files = {"data": {"uri": "a.txt", "metadata": {"rows": 3}}, "parts": ["a.txt", "a.txt"]}
    assert weftwork.run("native.yaml", files=files).tasks["all"].outputs["text"] == "abcabcabc said False"


def test_a_failure_is_told():
    @weftwork.component(folder="built")
    def divide(number: int):
        print("dividing")
        return 1 // number

    assert divide.wasm.parent.name == "built"
    with pytest.raises(weftwork.PipelineFailed, match="divide: ZeroDivisionError") as raised:
        weftwork.run(divide, {"number": 0})
    log = raised.value.run.logs("divide")
    assert log.startswith("dividing\n") and "return 1 // number" in log or "ZeroDivisionError" in log
    assert weftwork.run(divide, {"number": 1}).outputs == {}


def nameless(items: list):
    pass


def starred(*names: str):
    pass


def untyped(x):
    pass


def camelCase(x: int):
    pass


def other_artifact(data: Input[dsl.SlicedClassificationMetrics]):
    pass


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (nameless, r"`items`: list is no type that a component can have; take str, int, .* List\[..\]"),
        (starred, r"`starred`: `\*names` cannot be an input"),
        (untyped, "`untyped`: the parameter `x` has no type"),
        (camelCase, "the name `camelCase` has no form"),
        (other_artifact, "`data`: .*SlicedClassificationMetrics.* cannot be an artifact here"),
    ],
)
def test_what_cannot_be_a_component_is_told_at_once(function, told):
    with pytest.raises(TypeError, match=told):
        weftwork.component(function)
