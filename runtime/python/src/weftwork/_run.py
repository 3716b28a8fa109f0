"""Runs as the store has recorded them."""

from __future__ import annotations

import contextlib
import datetime
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Union

from weftwork import _program
from weftwork._artifact import Artifact
from weftwork._text import printable, seconds

#: States of a run, and of a task, in which nothing happens any more.
ENDED = frozenset(("COMPLETE", "FAILED", "CANCELED", "CACHED", "SKIPPED"))

#: Floats that JSON has no word for, as weft writes them.
_UNSPEAKABLE = frozenset(("NaN", "Infinity", "-Infinity"))

#: The pipelines of the runs that this process started, by store and run: where there is no file, the store does not have what a picture is made of.
_pipelines: dict[tuple[str, str], Callable[[], Any]] = {}


@dataclass(frozen=True)
class Task:
    """A task of a run: a step, an importer, or a pipeline, loop or iteration that holds others."""

    name: str
    """As in `train`, `nested/train`, `loop[2]/train`."""
    state: str
    """`COMPLETE`, `CACHED`, `SKIPPED`, `FAILED`, `CANCELED`, `RUNNING` or `NEW`."""
    kind: str
    """`container`, `dag`, `importer`, .."""
    duration: Optional[float]
    """Seconds; none if it was not executed."""
    attempts: int
    inputs: Mapping[str, Any]
    """Parameters as values, artifacts as `Artifact` or, where it takes a list, as a list of them."""
    outputs: Mapping[str, Any]
    message: Optional[str]
    """Why it failed or was skipped."""
    hint: Optional[str]
    """What to do about that."""
    run: str = field(repr=False)
    store: str = field(repr=False)
    has_log: bool = field(repr=False)

    @property
    def metrics(self) -> dict[str, float]:
        """What it logged as metrics."""
        return _metrics(artifacts_in(self.outputs))

    def logs(self) -> str:
        """What it printed and logged."""
        return _logs(self.store, self.run, self.name) if self.has_log else ""

    def __str__(self) -> str:
        took = "" if self.duration is None else f" in {seconds(self.duration)}"
        return printable(f"{self.name}: {self.state}{took}" + (f": {self.message}" if self.message else ""))


class Run:
    """A run. What is asked of it is read from the store when first asked for; `refresh` has it read again."""

    def __init__(self, id: str, store: str, summary: Optional[Mapping[str, Any]] = None) -> None:
        self.id = id
        """Its id."""
        self.store = store
        """The store's folder."""
        self._summary = summary
        self._details: Optional[Mapping[str, Any]] = None

    def refresh(self) -> Run:
        """Forgets what was read, so that a run at work tells anew."""
        self._summary = self._details = None
        return self

    def details(self) -> Mapping[str, Any]:
        """All that is recorded, as `weft runs show --json` gives it."""
        if self._details is None:
            self._details = dict(_program.document(["runs", "show", "--", self.id], self.store))
        return self._details

    @property
    def summary(self) -> Mapping[str, Any]:
        """What lists of runs tell: id, pipeline, state, parameters, times, counts of tasks, error."""
        return self.details() if self._summary is None else self._summary

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""
        return str(self.summary["pipeline"])

    @property
    def state(self) -> str:
        """`COMPLETE`, `FAILED`, `CANCELED` or `RUNNING`."""
        return str(self.summary["state"])

    @property
    def parameters(self) -> dict[str, Any]:
        """The pipeline's parameters."""
        given = dict(self.summary["parameters"])
        ports = (
            self.details()["spec"]["root"].get("inputs") if _UNSPEAKABLE.intersection(map(str, given.values())) else {}
        )
        return {name: _parameter(value, (ports.get(name) or {}).get("type") or {}) for name, value in given.items()}

    @property
    def started(self) -> datetime.datetime:
        """When it started."""
        return _time(self.summary["started_ms"])

    @property
    def duration(self) -> Optional[float]:
        """Seconds from its start to its end, if it has ended."""
        ended = self.summary.get("ended_ms")
        return None if ended is None else (ended - self.summary["started_ms"]) / 1000

    @property
    def outputs(self) -> dict[str, Any]:
        """The pipeline's outputs: parameters as values, artifacts as `Artifact`, or lists of them."""
        details = self.details()
        return _values(details.get("outputs"), details["spec"]["root"].get("outputs"), self.store)

    @property
    def tasks(self) -> dict[str, Task]:
        """Its tasks by name, in the order in which they started."""
        details = self.details()
        return {step["task"]: self._task(step, details["spec"]) for step in details["steps"]}

    @property
    def metrics(self) -> dict[str, float]:
        """Its metrics by name: what its steps logged, a later one of the same name in place of an earlier, and the pipeline's outputs that
        are numbers. `tasks[..].metrics` has them by step."""
        found = [
            artifact for task in self.tasks.values() if task.kind != "dag" for artifact in artifacts_in(task.outputs)
        ]
        metrics = _metrics(sorted(found, key=lambda artifact: artifact.id))
        for name, value in self.outputs.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                metrics[name] = float(value)
        return metrics

    def artifact(self, name: str) -> Artifact:
        """An artifact that came of it: `STEP/OUTPUT`, or `OUTPUT` for an output of the pipeline; raises `KeyError` if there is none."""
        step, _, output = name.rpartition("/")
        if step:
            tasks = self.tasks
            if step not in tasks:
                raise KeyError(f"run {self.id} has no task {step!r}; it has {_listed(tasks)}")
            outputs = tasks[step].outputs
        else:
            outputs = self.outputs
        found = outputs.get(output)
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        if isinstance(found, Artifact):
            return found
        of = f"task {step!r}" if step else "the pipeline"
        if isinstance(found, list) and found and all(isinstance(each, Artifact) for each in found):
            raise KeyError(
                f"the output {output!r} of {of} is a list of {len(found)} artifacts: take one of `outputs[{output!r}]`"
            )
        artifacts = [key for key, value in outputs.items() if any(artifacts_in({key: value}))]
        raise KeyError(f"{of} of run {self.id} gave no artifact {output!r}; it gave {_listed(artifacts)}")

    def lineage(self) -> dict[str, Any]:
        """Its `artifacts`, `executions`, and the `edges` between them."""
        return dict(_program.document(["lineage", "--", self.id], self.store))

    def logs(self, step: Optional[str] = None) -> str:
        """What its steps printed and logged, or what one of them did."""
        return _logs(self.store, self.id, step)

    def resume(self, **options: Any) -> Run:
        """Goes on with it, if it failed or was interrupted; see `weftwork.resume`."""
        from weftwork._api import resume

        return resume(self, **options)

    def graph(self) -> Optional[str]:
        """A picture of its pipeline as SVG; none if the pipeline's file is not what it was any more."""
        pipeline = _pipelines.get((self.store, self.id), self._unchanged_file)
        file = pipeline()
        if file is None:
            return None
        with file as path:
            answer = _program.call(["graph", "--format", "svg", "--", path])
        return answer.out.decode() if answer.code == 0 else None

    def _unchanged_file(self) -> Any:
        path = self.details().get("file")
        try:
            unchanged = path and os.stat(path).st_mtime * 1000 <= self.summary["started_ms"]
        except OSError:
            unchanged = False
        return contextlib.nullcontext(path) if unchanged else None

    def _task(self, step: Mapping[str, Any], spec: Mapping[str, Any]) -> Task:
        component = _component(spec, step["task"])
        error = step.get("error") or {}
        executed = step["state"] in ("COMPLETE", "FAILED", "CANCELED") and step["kind"] != "dag"
        return Task(
            name=step["task"],
            state=step["state"],
            kind=step["kind"],
            duration=step["duration_us"] / 1e6 if executed else None,
            attempts=step["attempts"],
            inputs=_values(step.get("inputs"), component.get("inputs"), self.store),
            outputs=_values(step.get("outputs"), component.get("outputs"), self.store),
            message=error.get("message") or step.get("skipped"),
            hint=error.get("hint"),
            run=self.id,
            store=self.store,
            has_log=step.get("log") is not None,
        )

    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.state}>"

    def _repr_html_(self) -> str:
        from weftwork._html import page

        return page(self)


class Runs(list[Run]):
    """Runs, the newest first."""

    def to_pandas(self, metrics: bool = True) -> Any:
        """A `pandas.DataFrame`, a row each: `pipeline`, `state`, `started`, `duration` in seconds, `parameters.NAME` and `metrics.NAME`, by id.

        Metrics take a look at each run's record; `metrics=False` leaves them out.
        """
        import pandas

        rows = []
        for run in self:
            row = {
                "id": run.id,
                "pipeline": run.pipeline,
                "state": run.state,
                "started": run.started,
                "duration": run.duration,
            }
            row.update({f"parameters.{name}": value for name, value in run.parameters.items()})
            if metrics:
                row.update({f"metrics.{name}": value for name, value in run.metrics.items()})
            rows.append(row)
        columns = ["id", "pipeline", "state", "started", "duration"]
        return pandas.DataFrame(rows, columns=None if rows else columns).set_index("id")

    def _repr_html_(self) -> str:
        from weftwork._html import table_of_runs

        return table_of_runs(self)


def _component(spec: Mapping[str, Any], task: str) -> Mapping[str, Any]:
    """The component of a task, by the names of what it lies in."""
    component: Mapping[str, Any] = spec["root"]
    for name in task.split("/"):
        dag = component.get("implementation", {}).get("dag") or {}
        called = dag.get("tasks", {}).get(name.split("[")[0])
        if called is None:
            return {}
        component = spec["components"].get(called["component"], {})
    return component


def _values(recorded: Optional[Mapping[str, Any]], ports: Optional[Mapping[str, Any]], store: str) -> dict[str, Any]:
    """Values of ports as they are in Python."""
    values = {}
    for name, value in (recorded or {}).items():
        kind = ((ports or {}).get(name) or {}).get("type") or {}
        if "artifacts" in value:
            artifacts = [_artifact(each, store) for each in value["artifacts"]]
            several = (kind.get("artifact") or {}).get("list") or len(artifacts) != 1
            values[name] = artifacts if several else artifacts[0]
        else:
            values[name] = _parameter(value.get("parameter"), kind)
    return values


def _parameter(value: Any, kind: Mapping[str, Any]) -> Any:
    """A parameter of a type."""
    return (
        float(value) if kind.get("parameter") == "f64" and isinstance(value, str) and value in _UNSPEAKABLE else value
    )


def _artifact(recorded: Mapping[str, Any], store: str) -> Artifact:
    return Artifact(recorded["id"], recorded["type"], recorded["uri"], dict(recorded.get("properties") or {}), store)


def artifacts_in(values: Mapping[str, Any]) -> Iterator[Artifact]:
    """The artifacts among the values of ports."""
    for value in values.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Artifact):
                yield each


def _metrics(artifacts: Iterable[Artifact]) -> dict[str, float]:
    found = {}
    for artifact in artifacts:
        if artifact.type == "system.Metrics":
            for name, value in artifact.metadata.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    found[name] = float(value)
    return found


def _logs(store: str, run: str, step: Optional[str]) -> str:
    answer = _program.ask(["logs", "--", run, *([step] if step is not None else [])], store)
    return answer.out.decode(errors="replace")


def _listed(names: Union[Mapping[str, Any], Iterable[str]]) -> str:
    listed = list(names)
    text = ", ".join(repr(name) for name in listed[:20]) or "none"
    return text if len(listed) <= 20 else f"{text} and {len(listed) - 20} more"


def _time(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
