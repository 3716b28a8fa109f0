"""Running pipelines, and looking at runs."""

import ast
import json
import math
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List, NamedTuple

import pytest
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output

import weftwork

component = dsl.component(base_image="python:3.12")

#: A native pipeline of a pre-built component, with an input artifact.
NATIVE = """
name: described
inputs:
  data: { type: dataset }
steps:
  describe: { component: "weft:statistics-gen", with: { examples: "${inputs.data}" } }
outputs:
  statistics: ${describe.statistics}
"""


@component
def train(rate: float, model: Output[Model], metrics: Output[Metrics]) -> str:
    with open(model.path, "w") as file:
        file.write("weights")
    metrics.log_metric("accuracy", 1 - rate)
    print("trained at", rate)
    return "trained"


@component
def size(model: Input[Model]) -> int:
    with open(model.path) as file:
        return len(file.read())


@dsl.pipeline
def training(rate: float = 0.25) -> NamedTuple("Outputs", [("model", Model), ("size", int)]):
    trained = train(rate=rate)
    outputs = NamedTuple("Outputs", [("model", Model), ("size", int)])
    return outputs(model=trained.outputs["model"], size=size(model=trained.outputs["model"]).output)


@component
def work(number: int) -> int:
    return sum(range(number)) % 7


@dsl.pipeline
def long(numbers: List[int]):
    with dsl.ParallelFor(numbers) as number:
        work(number=number)


#: Each takes a processor some time, on a busy machine more: a run of them is not over before anybody looks.
busy = [1_000_000 + number for number in range(40)]


@component
def fail(text: str):
    raise ValueError(text)


@dsl.pipeline
def failing():
    with dsl.ParallelFor(["a", "a", "b"]) as text:
        fail(text=text)
    work(number=3)


@component
def echo(value: float) -> float:
    return value


def test_a_run():
    run = weftwork.run(training, {"rate": 0.5})
    assert run.state == "COMPLETE"
    assert run.pipeline == "training"
    assert run.parameters == {"rate": 0.5}
    assert run.outputs["size"] == len("weights")
    assert run.metrics == {"accuracy": 0.5, "size": 7.0}
    assert list(run.tasks) == ["train", "size"]
    task = run.tasks["train"]
    assert (task.state, task.kind, task.attempts, task.inputs, task.outputs["Output"]) == (
        "COMPLETE",
        "container",
        1,
        {"rate": 0.5},
        "trained",
    )
    assert task.metrics == {"accuracy": 0.5}
    assert 0 < task.duration <= run.duration
    assert run.logs("train") == task.logs() == "trained at 0.5\n"
    assert run.logs() == "==> train <==\ntrained at 0.5\n"


def test_artifacts(folder):
    run = weftwork.run(training)
    model = run.artifact("train/model")
    assert model == run.artifact("model") == run.outputs["model"]
    assert (model.type, model.name) == ("system.Model", "model")
    assert model.path.name == "model"
    assert model.path.read_text() == model.read_text() == "weights"
    assert model.export(folder / "copy").read_bytes() == model.read_bytes()
    with pytest.raises(weftwork.WeftError, match="copy"):
        model.export(folder / "copy")
    assert model.export(folder / "copy", force=True) == folder / "copy"
    with pytest.raises(KeyError, match="task 'train' of run .* gave no artifact 'modle'; it gave 'metrics', 'model'"):
        run.artifact("train/modle")
    with pytest.raises(KeyError, match="has no task 'tarin'; it has 'train', 'size'"):
        run.artifact("tarin/model")


def test_a_copy_does_not_reach_the_store():
    """What is done to a copy leaves the store as it was."""
    model = weftwork.run(training).artifact("model")
    model.path.write_text("something else")
    assert model.read_text() == "weights"


def test_lineage():
    run = weftwork.run(training)
    lineage = run.lineage()
    assert {artifact["name"] for artifact in lineage["artifacts"]} == {"model", "metrics"}
    consumers = run.artifact("model").lineage("down")["edges"]
    assert [edge["port"] for edge in consumers if edge["kind"] == "INPUT"] == ["model"]


def test_what_can_be_run(folder):
    compiler.Compiler().compile(training, "training.yaml")
    compiled = training.pipeline_spec
    runs = [
        weftwork.run(pipeline, {"rate": 0.5}, cache=False)
        for pipeline in ("training.yaml", Path("training.yaml"), training, compiled, json.loads(json_of(compiled)))
    ]
    assert {run.outputs["size"] for run in runs} == {7}
    assert {run.pipeline for run in runs} == {"training"}
    assert weftwork.run(train, {"rate": 1}).outputs["Output"] == "trained"
    assert [path.name for path in folder.glob(".weftwork-*")] == []
    with pytest.raises(TypeError, match="not the function `json_of`, which has no `@dsl.pipeline`"):
        weftwork.run(json_of)
    with pytest.raises(TypeError, match="not a int"):
        weftwork.run(3)


def json_of(message):
    from google.protobuf import json_format

    return json_format.MessageToJson(message)


def test_files(folder):
    (folder / "pipeline.yaml").write_text(NATIVE)
    (folder / "data.csv").write_text("a,b\n1,x\n2,y\n")
    first = weftwork.run("pipeline.yaml", files={"data": "data.csv"})
    data = first.artifact("data/artifact")
    assert data.read_text() == "a,b\n1,x\n2,y\n"
    for given in (data, {"uri": "data.csv", "metadata": {}}, Path("data.csv")):
        again = weftwork.run("pipeline.yaml", files={"data": given})
        assert again.tasks["describe"].state == "CACHED"
        assert again.outputs["statistics"].uri == first.outputs["statistics"].uri


def test_lists_of_files(folder):
    for name in ("a", "b"):
        (folder / name).write_text(name)

    @component
    def joined(parts: Input[List[Dataset]]) -> str:
        return "".join(open(part.path).read() for part in parts)

    assert weftwork.run(joined, files={"parts": ["b", "a"]}).outputs["Output"] == "ba"


def test_relative_paths_in_a_function_begin_at_the_working_directory(folder):
    (folder / "data.csv").write_text("x")

    @dsl.pipeline
    def imported() -> Dataset:
        return dsl.importer(artifact_uri="data.csv", artifact_class=Dataset).output

    assert weftwork.run(imported).outputs["Output"].read_text() == "x"


def test_the_cache_and_the_store(folder):
    states = [weftwork.run(training, cache=cache).tasks["train"].state for cache in (True, True, False)]
    assert states == ["COMPLETE", "CACHED", "COMPLETE"]
    other = weftwork.run(training, store="other")
    assert other.tasks["train"].state == "COMPLETE"
    assert other.store == str(folder / "other")
    assert len(weftwork.runs(store="other")) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, 0.1])
def test_floats(value):
    run = weftwork.run(echo, {"value": value})
    for found in (
        run.outputs["Output"],
        run.tasks["echo"].outputs["Output"],
        run.tasks["echo"].inputs["value"],
        run.parameters["value"],
    ):
        assert isinstance(found, float)
        assert found == value or math.isnan(found) and math.isnan(value)


def test_progress():
    seen = []
    weftwork.run(training, progress=seen.append)
    ended = [str(task).split(" in ")[0] for task in seen if task.state == "COMPLETE"]
    assert ended == ["train: COMPLETE", "size: COMPLETE"]


def test_an_invalid_pipeline(folder):
    (folder / "pipeline.yaml").write_text("name: wrong\nsteps:\n  a: { component: nowhere.wasm }\n")
    with pytest.raises(weftwork.InvalidPipeline) as raised:
        weftwork.run("pipeline.yaml")
    assert "nowhere.wasm" in str(raised.value)
    assert f"--> {folder}/pipeline.yaml:3:" in str(raised.value)
    assert raised.value.diagnostics[0]["at"]["line"] == 3
    assert raised.value.__cause__ is None
    with pytest.raises(
        weftwork.InvalidPipeline,
        match='(?s)the parameter `rate`: expected float, found "x".*--> the pipeline `training`',
    ):
        weftwork.run(training, {"rate": "x"})
    with pytest.raises(weftwork.InvalidPipeline, match="has no parameter `rat`"):
        weftwork.check(training, {"rat": 1})
    assert weftwork.check(training) == []
    with pytest.raises(weftwork.WeftError, match="cannot read .*nothing.yaml"):
        weftwork.run("nothing.yaml")
    assert weftwork.runs() == []


def test_a_failure():
    with pytest.raises(weftwork.PipelineFailed) as raised:
        weftwork.run(failing, jobs=1)
    run = raised.value.run
    assert run.state == "FAILED"
    assert str(raised.value).splitlines() == [
        f"run {run.id} failed",
        "for-loop-2[0]/fail, for-loop-2[1]/fail: ValueError: a",
        "  hint: its log shows where in the code that is",
        f"  log: weftwork.get('{run.id}').logs('for-loop-2[0]/fail')",
        "for-loop-2[2]/fail: ValueError: b",
        "  hint: its log shows where in the code that is",
        f"  log: weftwork.get('{run.id}').logs('for-loop-2[2]/fail')",
        f"hint: weftwork.resume('{run.id}') tries again what did not succeed",
    ]
    assert run.tasks["for-loop-2[2]/fail"].message == "ValueError: b"
    assert "raise ValueError(text)" in weftwork.get(run.id).logs("for-loop-2[2]/fail")
    # A notebook shows these lines and no frames of this package.
    assert raised.value._render_traceback_() == [f"PipelineFailed: {raised.value}"]


def test_warnings_are_told():
    @dsl.pipeline
    def wants_more():
        work(number=1).set_accelerator_type("nvidia-tesla-t4").set_accelerator_limit(1)

    with pytest.warns(weftwork.WeftWarning, match="accelerator"):
        weftwork.run(wants_more)
    with pytest.raises(weftwork.InvalidPipeline, match="accelerator"):
        weftwork.run(wants_more, strict=True)


def test_an_interrupt_leaves_a_run_that_goes_on():
    """As by Ctrl-C: what is finished is kept, and is not run again."""

    def interrupt(task):
        if task.kind == "container" and task.state == "COMPLETE":
            signal.raise_signal(signal.SIGINT)

    # Whoever started the tests in the background has this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(weftwork.Interrupted, match="what is finished is kept") as raised:
            weftwork.run(long, {"numbers": busy}, jobs=1, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(raised.value, KeyboardInterrupt)
    run = raised.value.run
    assert run.state == "CANCELED"
    done = {name for name, task in run.tasks.items() if task.state == "COMPLETE"}
    assert 0 < len(done) < len(busy)

    started = {
        name: step["started_ms"] for name, step in ((s["task"], s) for s in run.details()["steps"]) if name in done
    }
    assert run.resume() is run
    assert run.state == "COMPLETE"
    steps = {step["task"]: step for step in run.details()["steps"]}
    assert {name: steps[name]["started_ms"] for name in started} == started
    assert sum(task.kind == "container" for task in run.tasks.values()) == len(busy)


def test_a_run_stops_with_its_process(project):
    """Killed, too: what is finished is kept, and another process goes on."""
    code = f"import weftwork, sys; weftwork.run('long.yaml', {{'numbers': {busy}}}, name='long', jobs=1, progress=lambda task: print(task, flush=True))"
    compiler.Compiler().compile(long, "long.yaml")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        while "/work: COMPLETE" not in process.stdout.readline():
            pass
        process.kill()
    run = weftwork.get("long")
    while run.refresh().details()["alive"]:
        time.sleep(0.1)
    done = [task.state for task in run.tasks.values() if task.kind == "container"].count("COMPLETE")
    assert 0 < done < len(busy)
    assert run.state != "COMPLETE"
    assert run.resume().state == "COMPLETE"


def test_what_progress_raises_is_raised():
    def refuse(task):
        raise LookupError(task.name)

    with pytest.raises(LookupError):
        weftwork.run(long, {"numbers": list(range(300))}, jobs=1, progress=refuse)
    assert weftwork.get().state == "CANCELED"


def test_runs():
    with pytest.raises(weftwork.WeftError, match="there is no store in"):
        weftwork.runs()
    for rate in (0.25, 0.5):
        weftwork.run(training, {"rate": rate})
    weftwork.run(echo, {"value": 1})
    assert [run.pipeline for run in weftwork.runs()] == ["echo", "training", "training"]
    assert [run.parameters for run in weftwork.runs(pipeline="training", limit=1)] == [{"rate": 0.5}]
    assert weftwork.get().id == weftwork.runs()[0].id
    with pytest.raises(weftwork.WeftError, match="no run `nothing`"):
        weftwork.get("nothing")


def test_runs_in_pandas():
    assert list(weftwork.Runs().to_pandas().columns) == ["pipeline", "state", "started", "duration"]
    for rate in (0.25, 0.5):
        weftwork.run(training, {"rate": rate})
    frame = weftwork.runs().to_pandas()
    assert frame.index.name == "id"
    assert list(frame["parameters.rate"]) == [0.5, 0.25]
    assert list(frame["metrics.accuracy"]) == [0.5, 0.75]
    assert str(frame["started"].dtype).endswith("UTC]")
    assert "metrics.accuracy" not in weftwork.runs().to_pandas(metrics=False)


def test_without_the_program(monkeypatch):
    monkeypatch.setenv("WEFT_BINARY", "/nowhere/weft")
    with pytest.raises(weftwork.NotInstalled, match="cannot start `/nowhere/weft`: No such file"):
        weftwork.runs()


def test_the_module_is_the_program():
    told = subprocess.run([sys.executable, "-m", "weftwork", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("weft ")


def test_the_package_needs_nothing():
    """It loads without kfp, pandas or anything else that is not Python's own."""
    code = "import sys, weftwork; print([name for name in ('kfp', 'pandas', 'yaml', 'google') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_the_oldest_python_reads_it(project):
    for file in (project / "src").rglob("*.py"):
        ast.parse(file.read_text(), feature_version=(3, 9))
