"""What can be run, as a file that the program reads."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple, Optional, Union


class Pipeline(NamedTuple):
    """A pipeline: a file of the user's, or the text of one in KFP's format."""

    name: str
    """What runs are named after."""
    path: Optional[str]
    text: Optional[str]

    @classmethod
    def of(cls, pipeline: Any) -> Pipeline:
        """Takes a path, a pipeline or component of the KFP SDK, or its compiled form: a mapping or a `PipelineSpec` message.

        Raises `TypeError` for anything else.
        """
        if isinstance(pipeline, Pipeline):
            return pipeline
        if isinstance(pipeline, (str, os.PathLike)):
            path = os.fspath(pipeline)
            return cls(Path(path).stem, os.path.abspath(path), None)
        if isinstance(pipeline, Mapping):
            spec = dict(pipeline)
        elif hasattr(pipeline, "component_spec") and hasattr(pipeline, "pipeline_spec"):
            return cls(str(pipeline.name), None, _compiled(pipeline))
        elif hasattr(pipeline, "DESCRIPTOR") and hasattr(pipeline, "SerializeToString"):
            from google.protobuf import json_format

            spec = json_format.MessageToDict(pipeline)
        else:
            raise TypeError(
                f"a pipeline is a file's path, a function that `kfp.dsl` has decorated, or what KFP's compiler makes of it, not {_described(pipeline)}"
            )
        name = (spec.get("pipelineInfo") or {}).get("name") or spec.get("name") or "pipeline"
        return cls(str(name), None, json.dumps(spec))

    @property
    def shown(self) -> Optional[str]:
        """What messages call it, if its file is none of the user's."""
        return None if self.text is None else f"the pipeline `{self.name}`"

    @contextlib.contextmanager
    def file(self) -> Iterator[str]:
        """Its file, for as long as the context lasts."""
        if self.path is not None:
            yield self.path
            return
        # In the working directory, if that can be: there, relative paths in it begin.
        folder = os.getcwd() if os.access(os.getcwd(), os.W_OK) else None
        descriptor, path = tempfile.mkstemp(prefix=".weftwork-", suffix=".yaml", dir=folder)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(self.text or "")
            yield path
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def _compiled(component: Any) -> str:
    """What KFP's compiler writes, with what is specific to platforms."""
    from kfp import compiler

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pipeline.yaml")
        compiler.Compiler().compile(component, path)
        return Path(path).read_text(encoding="utf-8")


def _described(value: Any) -> str:
    if callable(value) and hasattr(value, "__name__"):
        return f"the function `{value.__name__}`, which has no `@dsl.pipeline`"
    return f"a {type(value).__name__}"


def slug(name: str) -> str:
    """A name as the beginning of a run's id."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:80] or "run"


def given(files: Mapping[str, Any]) -> list[str]:
    """Input artifacts as `NAME=VALUE`: files and folders by path, artifacts by their content and metadata, lists of these item by item."""
    from weftwork._artifact import Artifact

    def one(value: Union[str, os.PathLike[str], Artifact, Mapping[str, Any]]) -> str:
        if isinstance(value, Artifact):
            return json.dumps({"uri": value.uri, "metadata": dict(value.metadata)})
        if isinstance(value, Mapping):
            return json.dumps({**value, "uri": os.fspath(value["uri"])})
        return os.fspath(value)

    return [
        f"{name}={one(each)}"
        for name, value in files.items()
        for each in (value if isinstance(value, (list, tuple)) else [value])
    ]
