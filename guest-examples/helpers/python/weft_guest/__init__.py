"""Artifact handles of weftwork components as Python files. See the README for a whole component."""

from . import run
from ._errors import ArtifactError, explain, step
from ._files import (
    Readable,
    Writable,
    open_artifact,
    read_bytes,
    read_json,
    read_text,
    write_bytes,
    write_json,
    write_text,
)
from ._properties import Plain, properties, set_properties

__all__ = [
    "ArtifactError",
    "Plain",
    "Readable",
    "Writable",
    "explain",
    "open_artifact",
    "properties",
    "read_bytes",
    "read_json",
    "read_text",
    "run",
    "set_properties",
    "step",
    "write_bytes",
    "write_json",
    "write_text",
]
