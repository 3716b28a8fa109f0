"""`kfp.local.init(runner=weftwork.WeftRunner())`: components and pipelines that are called as functions run in weft's sandbox.

`kfp.local` takes its own two runners only and has no place to register another. So `WeftRunner` is a subclass of one, which `init` accepts, and
three functions of the SDK are wrapped when the first `WeftRunner` is made: those that run a component and a pipeline, and the one that checks an
argument's type, which would refuse artifacts. Each does what it did before while another runner is chosen.
"""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import logging
import os
import sys
from types import ModuleType
from typing import Any, Callable, Mapping, Optional, Union

import kfp
from google.protobuf import json_format
from kfp import dsl
from kfp.dsl import executor as kfp_executor
from kfp.dsl import pipeline_context
from kfp.dsl.types import type_utils
from kfp.local import config, logging_utils, pipeline_orchestrator, status, task_dispatcher

from weftwork import _api
from weftwork._artifact import Artifact
from weftwork._errors import Interrupted, InvalidPipeline, PipelineFailed
from weftwork._pipeline import Pipeline
from weftwork._run import ENDED, Run, Task, artifacts_in
from weftwork._text import file_name, printable

#: The SDK that this is tested with.
TESTED = "2.17.3"


class WeftRunner(config.SubprocessRunner):
    """Has `kfp.local` run components and pipelines by weft, sandboxed, without containers.

        kfp.local.init(runner=weftwork.WeftRunner())

    - `store`: where weft keeps artifacts and metadata; `$WEFT_STORE`, else `.weft`.
    - `jobs`: how many steps may run at the same time; as many as there are processors.
    - `vendor`: fetch the packages that components install (`packages_to_install`) before each run. Without it nothing is fetched.
    - `executor`: `"host-python"` runs functions unsandboxed by this machine's Python, for development only; `python` names which.
    - `secrets`: a folder with secrets and config maps.
    - `strict`: take what a pipeline asks for and weft does not do for errors rather than warnings.
    - `quiet`: do not print how a run goes on and what its steps print.

    `init`'s own options hold: outputs that are artifacts lie below `pipeline_root`, `raise_on_error`, and nothing comes from the cache unless
    `enable_caching=True`. The last run is `runner.last_run`.
    """

    def __init__(
        self,
        *,
        store: Optional[Union[str, os.PathLike[str]]] = None,
        jobs: Optional[int] = None,
        vendor: bool = False,
        executor: str = "sandbox",
        python: Optional[Union[str, os.PathLike[str]]] = None,
        secrets: Optional[Union[str, os.PathLike[str]]] = None,
        strict: bool = False,
        quiet: bool = False,
    ) -> None:
        _install()
        # What the superclass sets up is about pip, which is not called here.
        self.options: Mapping[str, Any] = {
            "store": store,
            "jobs": jobs,
            "vendor": vendor,
            "executor": executor,
            "python": python,
            "secrets": secrets,
            "strict": strict,
        }
        self.quiet = quiet
        self.last_run: Optional[Run] = None

    def __repr__(self) -> str:
        return f"WeftRunner({', '.join(f'{name}={value!r}' for name, value in self.options.items() if value)})"


def _active() -> Optional[WeftRunner]:
    """The runner, if it is one of weft's that `kfp.local.init` has chosen."""
    chosen = getattr(config.LocalExecutionConfig.instance, "runner", None)
    return chosen if isinstance(chosen, WeftRunner) else None


def _install() -> None:
    """Wraps the three functions, once. Raises `ImportError` if the SDK does not have them as they are known here."""
    seams: list[tuple[ModuleType, str, list[str], Callable[..., Any]]] = [
        (task_dispatcher, "run_single_task", ["pipeline_spec", "arguments"], _run_component),
        (pipeline_orchestrator, "run_local_pipeline", ["pipeline_spec", "arguments"], _run_pipeline),
        (
            type_utils,
            "verify_type_compatibility",
            ["given_value", "expected_spec", "error_message_prefix"],
            _verify_type,
        ),
    ]
    for module, name, parameters, _ in seams:
        known = getattr(module, name, None)
        if known is None or list(inspect.signature(known).parameters)[: len(parameters)] != parameters:
            raise ImportError(
                f"kfp {kfp.__version__} does not run components locally as weftwork knows it (`{module.__name__}.{name}`): "
                f"use kfp {TESTED}, or a weftwork that knows this kfp"
            )
    for module, name, _, ours in seams:
        original = getattr(module, name)
        if not hasattr(original, "_weftwork"):
            setattr(module, name, _wrapped(original, ours))


def _wrapped(original: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        runner = _active()
        return original(*args, **kwargs) if runner is None else ours(runner, original, *args, **kwargs)

    call._weftwork = True  # type: ignore[attr-defined]
    return call


def _verify_type(
    runner: WeftRunner, original: Callable[..., bool], given_value: Any, expected_spec: Any, *args: Any, **kwargs: Any
) -> bool:
    """Lets artifacts be arguments of what is called as a function, if their type is the input's."""
    artifacts = given_value if isinstance(given_value, list) else [given_value]
    called = pipeline_context.Pipeline.get_default_pipeline() is None
    if not (called and artifacts and all(isinstance(each, dsl.Artifact) for each in artifacts)):
        return original(given_value, expected_spec, *args, **kwargs)
    given = {type_utils.create_bundled_artifact_type(each.schema_title, each.schema_version) for each in artifacts}
    expects_artifacts = not type_utils.is_parameter_type(expected_spec.type)
    if not expects_artifacts or not all(
        type_utils.check_artifact_type_compatibility(
            given_type=each,
            given_is_artifact_list=isinstance(given_value, list),
            expected_type=expected_spec.type,
            expected_is_artifact_list=expected_spec.is_artifact_list,
        )
        for each in given
    ):
        prefix = kwargs.get("error_message_prefix", args[0] if args else "")
        listed = ", ".join(sorted(given))
        raise type_utils.InconsistentTypeException(
            f"{prefix}Argument type {listed!r} is incompatible with the input type {expected_spec.type!r}"
        )
    return True


def _run_component(
    runner: WeftRunner, original: Any, pipeline_spec: Any, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    return _run(runner, "Task", pipeline_spec, arguments)


def _run_pipeline(
    runner: WeftRunner, original: Any, pipeline_spec: Any, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    return _run(runner, "Pipeline", pipeline_spec, arguments)


def _run(runner: WeftRunner, what: str, spec: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Runs what is called, and returns its outputs as `kfp.local` does."""
    local = config.LocalExecutionConfig.instance
    name = spec.pipeline_info.name
    given = {key: value for key, value in arguments.items() if value is not None}
    files = {key: _as_inputs(value) for key, value in given.items() if key in spec.root.input_definitions.artifacts}
    try:
        runner.last_run = _api.run(
            _pipeline(name, spec),
            {key: value for key, value in given.items() if key not in files},
            files=files,
            cache=bool(getattr(local, "enable_caching", False)),
            progress=None if runner.quiet else _tell,
            **runner.options,
        )
    except InvalidPipeline as invalid:
        # Who works in a notebook has no file that weft's hint could be followed with.
        if not runner.options["vendor"] and "nothing is fetched" in str(invalid):
            hint = "  hint: `WeftRunner(vendor=True)` does that before each run"
            raise InvalidPipeline(f"{invalid}\n{hint}", invalid.diagnostics) from None
        raise
    except Interrupted as interrupted:
        runner.last_run = interrupted.run
        raise
    except PipelineFailed as failed:
        runner.last_run = failed.run
        message = _api.failure(failed.run, _sentence(what, name, failed.run))
        if local.raise_on_error:
            raise PipelineFailed(message, failed.run) from None
        with logging_utils.local_logger_context():
            logging.error(message)
        return {}
    moment = datetime.datetime.now().strftime("%Y-%m-%d-%H-%M-%S-%f")
    folder = os.path.join(local.pipeline_root, f"{file_name(name)}-{moment}")
    # Where `kfp.local` has them: by the task and its output that an artifact was.
    places = {
        artifact.id: os.path.join(folder, file_name(task.name), file_name(output))
        for task in runner.last_run.tasks.values()
        if task.kind != "dag"
        for output, value in task.outputs.items()
        for artifact in artifacts_in({output: value})
    }
    return {
        key: _as_output(value, lambda artifact: places.get(artifact.id, os.path.join(folder, str(artifact.id))))
        for key, value in runner.last_run.outputs.items()
    }


def _pipeline(name: str, spec: Any) -> Pipeline:
    """What is called, with a workspace if it mentions one: `kfp.local` has one for all, and does not pass on what a pipeline says of its own."""
    text = json_format.MessageToJson(spec, indent=None)
    if "{{$.workspace_path}}" in text:
        workspace = {"kubernetes": {"pvcSpecPatch": {}}, "size": "1Gi"}
        text += "\n---\n" + json.dumps({"platforms": {"kubernetes": {"pipelineConfig": {"workspace": workspace}}}})
    return Pipeline(name, None, text)


def _sentence(what: str, name: str, run: Run) -> str:
    """How `kfp.local` says that something failed."""
    failed = logging_utils.format_status(status.Status.FAILURE)
    if what == "Task":
        return f"Task {logging_utils.format_task_name(name)} finished with status {failed}"
    said = f"Pipeline {logging_utils.format_pipeline_name(name)} finished with status {failed}."
    for task in _api.failed(run)[:1]:
        said += f" Inner task failed: {' inside '.join(map(logging_utils.format_task_name, reversed(task.name.split('/'))))}."
    return said


def _as_inputs(value: Any) -> list[dict[str, Any]]:
    """Artifacts of the SDK's as inputs of a run."""
    artifacts = value if isinstance(value, list) else [value]
    # A path leads to content on this machine; a name in another system to what the store knows by it.
    return [
        {"uri": each.path if os.path.exists(each.path) else each.uri, "metadata": dict(each.metadata)}
        for each in artifacts
    ]


def _as_output(value: Any, place: Callable[[Artifact], str]) -> Any:
    """An output as the SDK has it: artifacts are copied to their places."""
    if isinstance(value, list) and value and all(isinstance(each, Artifact) for each in value):
        return [_as_output(each, place) for each in value]
    if not isinstance(value, Artifact):
        return value
    metadata = dict(value.metadata)
    uri = metadata.pop("kfp_uri", None)
    if uri is None:
        uri = place(value)
        os.makedirs(os.path.dirname(uri), exist_ok=True)
        if not os.path.lexists(uri):
            value.export(uri)
    kind = {"schemaTitle": value.type}
    return kfp_executor.create_artifact_instance({"name": value.name, "uri": uri, "metadata": metadata, "type": kind})


def _tell(task: Task) -> None:
    """Prints that a step has ended, and what it printed."""
    if task.kind == "dag" or task.state not in ENDED:
        return
    print(task)
    logs = task.logs()
    for line in (printable(logs) if sys.stdout.isatty() else logs).splitlines():
        print(f"    {line}")
