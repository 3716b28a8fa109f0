"""What can go wrong, in weft's own words."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Mapping, Sequence

if TYPE_CHECKING:
    from weftwork._run import Run


class WeftError(RuntimeError):
    """weft refused or failed. The text of it names the place, the cause and what to do.

    `diagnostics` are what was found, as `weft ... --json` gives them: mappings with `message`, `hint`, `file`, `at`, `step` and `severity`.
    """

    def __init__(self, message: str, diagnostics: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.diagnostics = list(diagnostics)

    def _render_traceback_(self) -> builtins.list[str]:
        """What notebooks show: the message tells all that a traceback through this package would hide."""
        return [f"{type(self).__name__}: {self}"]


class NotInstalled(WeftError):
    """The program `weft` is not there, or does not start."""


class InvalidPipeline(WeftError):
    """The pipeline, or what it was given, is wrong. Nothing has run."""


class PipelineFailed(WeftError):
    """A run failed. `run` is its record; what succeeded is kept, and `run.resume()` goes on from there."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


class Interrupted(KeyboardInterrupt):
    """A run was interrupted, as by Ctrl-C. What is finished is kept: `run.resume()` goes on."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.id} was interrupted; what is finished is kept: weftwork.resume({run.id!r}) goes on")
        self.run = run

    def _render_traceback_(self) -> builtins.list[str]:
        return [f"{type(self).__name__}: {self}"]


class WeftWarning(UserWarning):
    """What weft says of a pipeline that it runs all the same."""
