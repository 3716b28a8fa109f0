"""Machine-learning pipelines made of sandboxed WebAssembly components, and those of Kubeflow Pipelines.

    import weftwork

    run = weftwork.run("pipeline.yaml", {"seed": 8})
    run.outputs, run.metrics, run.artifact("train/model").path

`weftwork.WeftRunner()` has `kfp.local` run components and pipelines in weft's sandbox, and `@weftwork.component` makes a WebAssembly component of a
Python function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weftwork._api import check, get, resume, run, runs
from weftwork._artifact import Artifact
from weftwork._errors import Interrupted, InvalidPipeline, NotInstalled, PipelineFailed, WeftError, WeftWarning
from weftwork._program import find as binary
from weftwork._run import Run, Runs, Task

if TYPE_CHECKING:
    from weftwork._component import component
    from weftwork._kfp import WeftRunner

__all__ = [
    "Artifact",
    "Interrupted",
    "InvalidPipeline",
    "NotInstalled",
    "PipelineFailed",
    "Run",
    "Runs",
    "Task",
    "WeftError",
    "WeftRunner",
    "WeftWarning",
    "binary",
    "check",
    "component",
    "get",
    "resume",
    "run",
    "runs",
]


def __getattr__(name: str) -> Any:
    # What needs kfp is loaded when it is asked for: the package itself needs nothing.
    if name == "WeftRunner":
        from weftwork._kfp import WeftRunner

        return WeftRunner
    if name == "component":
        from weftwork._component import component

        return component
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
