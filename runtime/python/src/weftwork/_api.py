"""Running pipelines, and finding runs."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets as random
import tempfile
import time
import warnings
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, Union

from weftwork import _program
from weftwork._errors import Interrupted, PipelineFailed, WeftError, WeftWarning
from weftwork._pipeline import Pipeline, given, slug
from weftwork._run import Run, Runs, Task, _pipelines
from weftwork._text import printable

Path = Union[str, "os.PathLike[str]"]

#: Seconds between looks at a run at work, for who wants to hear of its progress.
_EVERY = 0.25


def run(
    pipeline: Any,
    params: Optional[Mapping[str, Any]] = None,
    *,
    files: Optional[Mapping[str, Any]] = None,
    store: Optional[Path] = None,
    cache: bool = True,
    jobs: Optional[int] = None,
    name: Optional[str] = None,
    secrets: Optional[Path] = None,
    strict: bool = False,
    executor: str = "sandbox",
    python: Optional[Path] = None,
    vendor: bool = False,
    progress: Optional[Callable[[Task], object]] = None,
) -> Run:
    """Runs a pipeline to its end and returns the run.

    `pipeline` is the path of a file (weft's own format or what KFP's compiler writes), a function that `kfp.dsl` has decorated, or its compiled
    form. Relative paths in it begin at the file, or at the working directory if there is none.

    - `params`: the pipeline's parameters.
    - `files`: its input artifacts: a path, an `Artifact`, `{"uri": .., "metadata": {..}}`, or a list of these.
    - `store`: where artifacts and metadata are kept; `$WEFT_STORE`, else `.weft`.
    - `cache`: whether steps that ran before with the same inputs are taken from earlier runs.
    - `jobs`: how many steps may run at the same time; as many as there are processors.
    - `name`: the run's id.
    - `secrets`: a folder with secrets and config maps.
    - `strict`: take what a pipeline asks for and weft does not do for errors rather than warnings.
    - `executor`, `python`: `"host-python"` runs Python functions unsandboxed by this machine's Python, for development only.
    - `vendor`: fetch the Python packages that the pipeline installs, before it runs.
    - `progress`: is called with each task whose state changes.

    Raises `InvalidPipeline` if it cannot run, `PipelineFailed` if it fails, `Interrupted` (a `KeyboardInterrupt`) if it is interrupted. It can be
    resumed then, and after whatever ends this process, which stops it.
    """
    made = Pipeline.of(pipeline)
    where = folder(store)
    id = name or _new_id(made.name)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(made.file())
        arguments = ["run", "--json", "--quiet", "--name", id, "--executor", executor]
        arguments += _parameters(params, stack)
        for value in given(files or {}):
            arguments += ["--with", value]
        arguments += _how(cache, jobs, secrets)
        arguments += ["--strict"] if strict else []
        arguments += ["--python", os.fspath(python)] if python is not None else []
        if vendor:
            _program.ask(["vendor", "--json", "--", file], where, made.shown)
        if made.text is not None:
            _pipelines[where, id] = made.file
        return _execute([*arguments, "--", file], Run(id, where), made.shown, progress)


def resume(
    run: Union[Run, str] = "latest",
    *,
    store: Optional[Path] = None,
    cache: bool = True,
    jobs: Optional[int] = None,
    secrets: Optional[Path] = None,
    python: Optional[Path] = None,
    progress: Optional[Callable[[Task], object]] = None,
) -> Run:
    """Goes on with a run that failed or was interrupted, or whose process was killed. What is finished is not run again.

    `run` is a run, its id, the beginning of it, or `latest`. Raises what `weftwork.run` raises.
    """
    found = run if isinstance(run, Run) else get(run, store=store)
    arguments = ["resume", "--json", "--quiet", *_how(cache, jobs, secrets)]
    arguments += ["--python", os.fspath(python)] if python is not None else []
    return _execute([*arguments, "--", found.id], found.refresh(), None, progress)


def runs(*, store: Optional[Path] = None, pipeline: Optional[str] = None, limit: int = 20) -> Runs:
    """The newest runs, the newest first: all, or those of one pipeline."""
    where = folder(store)
    arguments = ["runs", "ls", "--limit", str(limit), *(["--pipeline", pipeline] if pipeline is not None else [])]
    return Runs(Run(summary["id"], where, summary) for summary in _program.document(arguments, where))


def get(id: str = "latest", *, store: Optional[Path] = None) -> Run:
    """A run by its id, the beginning of it, or `latest`."""
    where = folder(store)
    details = _program.document(["runs", "show", "--", id], where)
    found = Run(details["id"], where)
    found._details = details
    return found


def check(
    pipeline: Any, params: Optional[Mapping[str, Any]] = None, *, strict: bool = False, store: Optional[Path] = None
) -> list[dict[str, Any]]:
    """Finds what is wrong with a pipeline without running it; parameters are checked if any is given. Returns the warnings.

    Raises `InvalidPipeline` with all errors.
    """
    made = Pipeline.of(pipeline)
    with contextlib.ExitStack() as stack:
        arguments = ["check", "--json", *(["--strict"] if strict else []), *_parameters(params, stack)]
        answer = _program.ask([*arguments, "--", stack.enter_context(made.file())], folder(store), made.shown)
    return list(_program.parse(answer)["diagnostics"])


def folder(store: Optional[Path]) -> str:
    """The store's absolute path, so that it stays the same when the working directory changes."""
    return os.path.abspath(os.fspath(store) if store is not None else os.environ.get("WEFT_STORE") or ".weft")


def _how(cache: bool, jobs: Optional[int], secrets: Optional[Path]) -> list[str]:
    arguments = [] if cache else ["--no-cache"]
    arguments += ["--jobs", str(jobs)] if jobs is not None else []
    arguments += ["--secrets", os.fspath(secrets)] if secrets is not None else []
    return arguments


def _parameters(params: Optional[Mapping[str, Any]], stack: contextlib.ExitStack) -> list[str]:
    """Parameters as a file, which is there for as long as the context lasts."""
    if not params:
        return []
    file = os.path.join(stack.enter_context(tempfile.TemporaryDirectory(prefix="weftwork-")), "parameters.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(dict(params), out)
    return ["--params", file]


def _execute(
    arguments: Sequence[str], run: Run, shown: Optional[str], progress: Optional[Callable[[Task], object]]
) -> Run:
    watch = None if progress is None else _Watch(run, progress)
    try:
        if watch is None:
            answer = _program.call(arguments, run.store, long=True)
        else:
            answer = _program.call(arguments, run.store, _EVERY, watch.look, long=True)
    except KeyboardInterrupt:
        raise Interrupted(run.refresh()) from None
    for text in _program.warnings_in(answer.err):
        warnings.warn(text[len("warning: ") :], WeftWarning, stacklevel=4)
    run.refresh()
    if answer.code == _program.INTERRUPTED:
        raise Interrupted(run)
    if answer.code not in (0, _program.FAILED) or b'"error"' in answer.out[:16]:
        raise _program.error(answer, shown)
    if watch is not None:
        watch.look()
    if answer.code != 0:
        raise PipelineFailed(failure(run), run)
    return run


class _Watch:
    """Tells of tasks whose state has changed."""

    def __init__(self, run: Run, progress: Callable[[Task], object]) -> None:
        self._run = Run(run.id, run.store)
        self._progress = progress
        self._states: dict[str, str] = {}

    def look(self) -> float:
        """Looks at the record and tells. Returns after how many seconds to look again: seldom enough that it costs little."""
        before = time.monotonic()
        try:
            tasks = self._run.refresh().tasks
        except WeftError:
            if self._states:
                raise
            return _EVERY  # It is not recorded yet.
        took = time.monotonic() - before
        for task in tasks.values():
            if self._states.get(task.name) != task.state:
                self._states[task.name] = task.state
                self._progress(task)
        return max(_EVERY, 10 * took)


def failed(run: Run) -> list[Task]:
    """The tasks that failed, without those that failed only because something in them did."""
    failures = [task for task in run.tasks.values() if task.state == "FAILED"]
    names = [task.name for task in failures]
    return [task for task in failures if not any(name.startswith((f"{task.name}/", f"{task.name}[")) for name in names)]


def failure(run: Run, what: Optional[str] = None) -> str:
    """Why a run failed: each cause once, with the tasks that it befell. `what` is what to say first."""
    causes: dict[tuple[str, Optional[str]], list[Task]] = {}
    for task in failed(run):
        causes.setdefault((task.message or "no reason was given", task.hint), []).append(task)
    last = f"hint: weftwork.resume({run.id!r}) tries again what did not succeed"
    return "\n".join([what or f"run {run.id} failed", printable("\n".join(_causes(run, causes))), last])


def _causes(run: Run, causes: Mapping[tuple[str, Optional[str]], Sequence[Task]]) -> Iterator[str]:
    for (message, hint), tasks in list(causes.items())[:10]:
        names = ", ".join(task.name for task in tasks[:5]) + (f" and {len(tasks) - 5} more" if len(tasks) > 5 else "")
        yield f"{names}: {message}"
        if hint:
            yield f"  hint: {hint}"
        if any(task.has_log for task in tasks):
            logged = next(task.name for task in tasks if task.has_log)
            yield f"  log: weftwork.get({run.id!r}).logs({logged!r})"
    if len(causes) > 10:
        yield f"and {len(causes) - 10} other causes"


def _new_id(pipeline: str) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d-%H%M%S")
    return f"{slug(pipeline)}-{moment}-{random.token_hex(3)}"
