"""The step's log and progress."""

from wit_world.imports import run as _run
from wit_world.imports.run import Level


def debug(message: object) -> None:
    """A detail for the component's author."""
    _run.log(Level.DEBUG, str(message))


def info(message: object) -> None:
    """What a user would like to know."""
    _run.log(Level.INFO, str(message))


def warn(message: object) -> None:
    """Something odd that does not stop the step."""
    _run.log(Level.WARN, str(message))


def error(message: object) -> None:
    """Something that went wrong."""
    _run.log(Level.ERROR, str(message))


def progress(done: int, total: int = 0) -> None:
    """How far the step has come; a total of 0 is unknown."""
    _run.progress(done, total)
