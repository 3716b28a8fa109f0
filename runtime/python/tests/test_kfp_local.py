"""`WeftRunner` gives what `kfp.local`'s own `SubprocessRunner` gives."""

import math
import warnings
import zipfile

import cases
import pytest
from conftest import content
from kfp import dsl, local
from kfp.dsl import Dataset, Input, Output
from kfp.local import task_dispatcher

import weftwork


def subprocess_runner():
    # A virtual environment for each component would only take time: nothing is installed.
    return local.SubprocessRunner(use_venv=False)


def known(value):
    """An output in a form that can be compared: paths are each runner's own."""
    if isinstance(value, list) and value and all(isinstance(each, dsl.Artifact) for each in value):
        return [known(each) for each in value]
    if isinstance(value, dsl.Artifact):
        return type(value).__name__, value.schema_title, value.metadata, content(value.path)
    return type(value).__name__, value


def outputs(runner, call, **options):
    local.init(runner=runner, **options)
    return {name: known(value) for name, value in call().outputs.items()}


@pytest.mark.parametrize("name", cases.CALLS)
def test_outputs_are_those_of_the_subprocess_runner(name, folder):
    (folder / "imported.csv").write_text("a\nb\n")
    call = cases.CALLS[name]
    assert outputs(weftwork.WeftRunner(), call) == outputs(subprocess_runner(), call)


def lines(raised):
    return str(raised.value).splitlines()


@pytest.mark.parametrize("name", cases.FAILURES)
def test_failures_are_those_of_the_subprocess_runner(name, capsys):
    messages = []
    for runner in (subprocess_runner(), weftwork.WeftRunner()):
        local.init(runner=runner)
        with pytest.raises(RuntimeError) as raised:
            cases.FAILURES[name]()
        messages.append(lines(raised)[0])
        local.init(runner=runner, raise_on_error=False)
        capsys.readouterr()
        assert cases.FAILURES[name]().outputs == {}
        assert f" - ERROR - {messages[-1]}" in capsys.readouterr().out
    assert messages[0] == messages[1]


def test_a_failure_says_why_and_keeps_the_run():
    runner = weftwork.WeftRunner()
    local.init(runner=runner)
    with pytest.raises(weftwork.PipelineFailed) as raised:
        cases.broken()
    assert lines(raised)[1] == "failing: ValueError: because of 2"
    assert raised.value.run.id == runner.last_run.id
    assert "raise ValueError(text)" in raised.value.run.logs("failing")


@cases.component
def kinds(numbers: list, table: dict) -> str:
    return " ".join(type(each).__name__ for each in [*numbers, *table.values()])


@cases.component
def large() -> int:
    return 2**53 + 1


@cases.component
def unfinished(data: Output[Dataset]):
    data.metadata["nothing"] = None


@cases.component
def not_a_number() -> float:
    return float("nan")


def test_what_differs():
    """Where weft is closer to Python than `kfp.local`, which passes numbers on as floats."""

    def both(call):
        return [outputs(runner, call) for runner in (subprocess_runner(), weftwork.WeftRunner())]

    assert both(lambda: kinds(numbers=[1, 2], table={"a": 3})) == [
        {"Output": ("str", "float float float")},
        {"Output": ("str", "int int int")},
    ]
    assert both(large) == [{"Output": ("int", 2**53)}, {"Output": ("int", 2**53 + 1)}]
    assert [each["data"][2] for each in both(unfinished)] == [{"nothing": None}, {}]


def test_not_a_number():
    local.init(runner=weftwork.WeftRunner())
    assert math.isnan(not_a_number().output)


def test_artifacts_are_arguments():
    local.init(runner=weftwork.WeftRunner())
    made = cases.dataset(rows=5)
    copy = cases.copied(data=made.outputs["data"])
    assert copy.outputs["copy"].metadata == {"from": 5}
    assert cases.length(data=copy.outputs["copy"]).output == 5
    assert cases.joined(parts=[made.outputs["data"], copy.outputs["copy"]]).output == "5+5"


def test_artifacts_of_another_type_are_none():
    local.init(runner=weftwork.WeftRunner())
    model = cases.directory().outputs["model"]
    with pytest.raises(
        dsl.types.type_utils.InconsistentTypeException,
        match="'system.Model@0.0.1' is incompatible with the input type 'system.Dataset@0.0.1'",
    ):
        cases.length(data=model)


@dsl.pipeline
def takes(data: Input[Dataset]) -> int:
    return cases.length(data=data).output


def test_a_pipeline_takes_artifacts():
    local.init(runner=weftwork.WeftRunner())
    assert takes(data=cases.dataset(rows=3).outputs["data"]).output == 3


def test_an_importer_is_called(folder):
    (folder / "data.csv").write_text("a\n")
    local.init(runner=weftwork.WeftRunner())
    data = dsl.importer(artifact_uri="data.csv", artifact_class=Dataset, metadata={"from": "a file"}).output
    assert (type(data), data.metadata, content(data.path)) == (Dataset, {"from": "a file"}, b"a\n")


@dsl.container_component
def shell(word: str, said: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image="busybox", command=["sh", "-c"], args=[f"mkdir -p $(dirname {said}) && printf '%s!' {word} > {said}"]
    )


def test_containers_run():
    local.init(runner=weftwork.WeftRunner())
    assert shell(word="hello").output == "hello!"


def test_artifacts_lie_below_the_pipeline_root(folder):
    local.init(runner=weftwork.WeftRunner(), pipeline_root="root")
    for call, place in (
        (lambda: cases.dataset(rows=1).outputs["data"], "dataset/data"),
        (lambda: cases.chain(rows=1).outputs["copy"], "copied/copy"),
    ):
        path = call().path
        assert path.startswith(str(folder / "root")) and path.endswith(place)


def test_nothing_comes_from_the_cache_unless_asked_for():
    runner = weftwork.WeftRunner()
    local.init(runner=runner)
    states = []
    for options in ({}, {}, {"enable_caching": True}):
        local.init(runner=runner, **options)
        cases.double(number=1)
        states.append(runner.last_run.tasks["double"].state)
    assert states == ["COMPLETE", "COMPLETE", "CACHED"]


@dsl.component(base_image="python:3.12", packages_to_install=["tiny-package"])
def installing() -> str:
    import tiny_package

    return tiny_package.WORD


def test_packages_are_fetched_if_asked_for(folder, monkeypatch):
    with zipfile.ZipFile(folder / "tiny_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_package.py", "WORD = 'tiny'\n")
        wheel.writestr(
            "tiny_package-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tiny_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny_package-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    local.init(runner=weftwork.WeftRunner())
    with pytest.raises(
        weftwork.InvalidPipeline, match=r"it installs `tiny-package`(?s:.*)hint: `WeftRunner\(vendor=True\)` does that"
    ):
        installing()
    local.init(runner=weftwork.WeftRunner(vendor=True))
    assert installing().output == "tiny"


def test_a_file_that_has_changed_is_another(folder):
    """Also from the cache; `kfp.local`'s own takes the file's name for its content."""
    local.init(runner=weftwork.WeftRunner(), enable_caching=True)
    rows = []
    for text in ("a\n", "a\nb\n"):
        (folder / "data.csv").write_text(text)
        rows.append(cases.imported(uri="data.csv").outputs["rows"])
    assert rows == [1, 2]


def test_what_steps_print_is_printed(capsys):
    local.init(runner=weftwork.WeftRunner())
    cases.nothing(text="said this")
    assert "    said this\n" in capsys.readouterr().out
    local.init(runner=weftwork.WeftRunner(quiet=True))
    cases.nothing(text="said that")
    assert capsys.readouterr().out == ""


def test_other_runners_stay_as_they_are():
    runner = weftwork.WeftRunner()
    local.init(runner=runner)
    cases.double(number=1)
    before = runner.last_run
    local.init(runner=subprocess_runner())
    assert cases.double(number=4).output == 8
    assert runner.last_run is before
    data = cases.dataset(rows=1).outputs["data"]
    with pytest.raises(ValueError, match="Input artifacts are not supported"):
        cases.length(data=data)


def test_nothing_is_run_where_a_pipeline_is_written():
    """Types are checked as ever inside of a pipeline's function, and nothing runs."""
    runner = weftwork.WeftRunner()
    local.init(runner=runner)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        with pytest.raises(dsl.types.type_utils.InconsistentTypeException):

            @dsl.pipeline
            def wrong():
                cases.length(data=cases.directory().outputs["model"])

    assert runner.last_run is None


def test_an_sdk_of_another_kind_is_refused(monkeypatch):
    monkeypatch.setattr(task_dispatcher, "run_single_task", lambda task: task)
    with pytest.raises(
        ImportError,
        match=r"kfp 2\.17\.3 does not run components locally as weftwork knows it \(`kfp\.local\.task_dispatcher\.run_single_task`\)",
    ):
        weftwork.WeftRunner()
