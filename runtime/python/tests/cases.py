"""Components and pipelines that `kfp.local` is asked to run, once by its own runner and once by weft.

Each function here returns the task that it called; what its outputs are, the two have to agree on.
"""

from typing import Dict, List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import HTML, ClassificationMetrics, Dataset, Input, Markdown, Metrics, Model, Output, OutputPath

component = dsl.component(base_image="python:3.12")


@component
def parameters(text: str, count: int, rate: float, flag: bool, items: list, table: dict) -> NamedTuple(
    "Outputs", [("text", str), ("count", int), ("rate", float), ("flag", bool), ("items", list), ("table", dict)]
):
    return (text.upper(), count + 1, rate / 2, not flag, items[::-1], {**table, "more": [1, {"deep": None}]})


@component
def typed(items: List[int], table: Dict[str, float]) -> Dict[str, List[int]]:
    return {name: items for name in table}


@component
def defaults(
    text: str = "a b",
    count: int = 7,
    rate: float = 0.5,
    flag: bool = True,
    items: list = ["a"],
    given: Optional[str] = None,
) -> str:
    return repr((text, count, rate, flag, items, given))


@component
def whole(rate: float) -> float:
    return rate * 2


@component
def unicode(text: str) -> str:
    return text + "\n\u00fc\u4e2d\U0001f600 \"'\\ $(x) {{x}} <b>"


@component
def dataset(rows: int, data: Output[Dataset]) -> int:
    with open(data.path, "w") as file:
        file.write("x\n" * rows)
    data.metadata["rows"] = rows
    data.metadata["columns"] = {"x": ["int", 8]}
    return rows


@component
def directory(model: Output[Model]):
    import os

    os.makedirs(model.path + "/weights")
    for name in ("config", "weights/0"):
        with open(f"{model.path}/{name}", "w") as file:
            file.write(name)
    model.metadata["framework"] = "none"


@component
def returned() -> Dataset:
    data = Dataset(uri=dsl.get_uri(), metadata={"made": "by hand"})
    with open(data.path, "w") as file:
        file.write("returned")
    return data


@component
def metrics(found: Output[Metrics], roc: Output[ClassificationMetrics]):
    found.log_metric("accuracy", 0.875)
    found.log_metric("rows", 4)
    roc.log_roc_curve([0.0, 0.25, 1.0], [0.0, 0.75, 1.0], [1.0, 0.5, 0.0])
    roc.log_confusion_matrix(["cat", "dog"], [[3, 1], [0, 4]])


@component
def pages(html: Output[HTML], markdown: Output[Markdown]):
    with open(html.path, "w") as file:
        file.write("<h1>page</h1>")
    with open(markdown.path, "w") as file:
        file.write("# page")


@component
def paths(
    text: OutputPath(str),
    count: OutputPath(int),
    flag: OutputPath(bool),
    items: OutputPath(list),
    table: OutputPath(dict),
):
    for path, content in ((text, "1"), (count, "2"), (flag, "True"), (items, "[1, 2.5]"), (table, '{"a": "b"}')):
        with open(path, "w") as file:
            file.write(content)


@component
def nothing(text: str):
    print(text)


@component
def length(data: Input[Dataset]) -> int:
    with open(data.path) as file:
        return len(file.readlines())


@component
def copied(data: Input[Dataset], copy: Output[Dataset]):
    with open(data.path) as source, open(copy.path, "w") as file:
        file.write(source.read())
    copy.metadata["from"] = data.metadata.get("rows", 0)


@component
def joined(parts: Input[List[Dataset]]) -> str:
    return "+".join(str(len(open(part.path).readlines())) for part in parts)


@component
def double(number: int) -> int:
    return number * 2


@component
def total(numbers: List[int]) -> int:
    return int(sum(numbers))


@component
def finished(text: str, status: dsl.PipelineTaskFinalStatus):
    print(text, status.state)


@component
def failing(text: str) -> str:
    raise ValueError(text)


@dsl.pipeline
def chain(rows: int = 3) -> NamedTuple("Outputs", [("rows", int), ("copy", Dataset)]):
    made = dataset(rows=rows)
    copy = copied(data=made.outputs["data"])
    outputs = NamedTuple("Outputs", [("rows", int), ("copy", Dataset)])
    return outputs(rows=length(data=copy.outputs["copy"]).output, copy=copy.outputs["copy"])


@dsl.pipeline
def nested(rows: int) -> Dataset:
    inner = chain(rows=rows)
    return copied(data=inner.outputs["copy"]).outputs["copy"]


@dsl.pipeline
def imported(uri: str) -> NamedTuple("Outputs", [("rows", int), ("data", Dataset)]):
    data = dsl.importer(artifact_uri=uri, artifact_class=Dataset, metadata={"source": "here"})
    outputs = NamedTuple("Outputs", [("rows", int), ("data", Dataset)])
    return outputs(rows=length(data=data.output).output, data=copied(data=data.output).outputs["copy"])


@dsl.pipeline
def conditional(number: int) -> int:
    first = double(number=number)
    with dsl.If(first.output > 10):
        high = double(number=first.output)
    with dsl.Else():
        low = double(number=1)
    return dsl.OneOf(high.output, low.output)


@dsl.pipeline
def looped() -> int:
    with dsl.ParallelFor([1, 2, 3]) as number:
        each = double(number=number)
    return total(numbers=dsl.Collected(each.output)).output


@dsl.pipeline
def collected() -> str:
    with dsl.ParallelFor([1, 2, 3]) as number:
        each = dataset(rows=number)
    return joined(parts=dsl.Collected(each.outputs["data"])).output


@dsl.pipeline
def handled(number: int) -> int:
    with dsl.ExitHandler(finished(text="over")):
        double(number=number)
    return double(number=number).output


@component
def remember(place: str, text: str) -> int:
    with open(place + "/note", "w") as file:
        return file.write(text)


@component
def recall(place: str, length: int) -> str:
    with open(place + "/note") as file:
        return file.read(length)


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def shared() -> str:
    kept = remember(place=dsl.WORKSPACE_PATH_PLACEHOLDER, text="in the workspace")
    return recall(place=dsl.WORKSPACE_PATH_PLACEHOLDER, length=kept.output).output


@dsl.pipeline
def composed(name: str) -> str:
    first = unicode(text=name)
    return unicode(text=f"{name} and {first.output}").output


@dsl.pipeline
def broken() -> str:
    first = double(number=1)
    return failing(text=f"because of {first.output}").output


#: What is called, and with what.
CALLS = {
    "parameters": lambda: parameters(
        text="t", count=2, rate=0.25, flag=True, items=[1, "b", 2.5], table={"k": {"n": [1]}}
    ),
    "typed": lambda: typed(items=[1, 2], table={"a": 0.5, "b": 2}),
    "defaults": lambda: defaults(),
    "whole": lambda: whole(rate=1.0),
    "unicode": lambda: unicode(text="\u00e4 'quoted' \"twice\""),
    "dataset": lambda: dataset(rows=3),
    "directory": lambda: directory(),
    "returned": lambda: returned(),
    "metrics": lambda: metrics(),
    "pages": lambda: pages(),
    "paths": lambda: paths(),
    "nothing": lambda: nothing(text="said"),
    "chain": lambda: chain(rows=4),
    "chain with defaults": lambda: chain(),
    "nested": lambda: nested(rows=2),
    "imported": lambda: imported(uri="imported.csv"),
    "conditional, high": lambda: conditional(number=6),
    "conditional, low": lambda: conditional(number=1),
    "looped": lambda: looped(),
    "collected": lambda: collected(),
    "handled": lambda: handled(number=3),
    "shared": lambda: shared(),
    "composed": lambda: composed(name="you"),
}


@dsl.pipeline
def broken_inside() -> str:
    return broken().output


#: What fails.
FAILURES = {
    "broken_inside": lambda: broken_inside(),
    "failing": lambda: failing(text="no"),
    "broken": lambda: broken(),
}
