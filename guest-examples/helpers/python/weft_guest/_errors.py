"""What went wrong, in words."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from componentize_py_types import Err

P = ParamSpec("P")
R = TypeVar("R")


class ArtifactError(OSError):
    """The runtime refused to read or write an artifact."""


_WORDS = {
    "Error_OutOfRange": lambda value: f"offset {value[0]} is beyond the end, {value[1]}",
    "Error_TooLarge": lambda value: f"the runtime moves at most {value} bytes at once",
    "Error_ReadOnly": lambda _: "the artifact is an input, and inputs are never changed",
    "Error_NotFound": lambda value: f"there is no file `{value}` in the artifact",
    "Error_OutputLimit": lambda value: f"the step may write no more than {value} bytes",
}


def explain(error: object) -> str:
    """An error of the runtime, a text or any other object as a text."""
    value = getattr(error, "value", None)
    if words := _WORDS.get(type(error).__name__):
        return words(value)
    return value if isinstance(value, str) else str(error)


def step(*exceptions: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a step whose signature is `result<.., string>`.

    These exceptions become the text that the step fails with, and so does what the runtime refuses. Any other exception is a mistake of
    the author's: it passes through, and its traceback is found in the step's log.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except Err as refused:
                raise Err(explain(refused.value)) from refused
            except (ArtifactError, *exceptions) as error:
                raise Err(str(error)) from error

        return called

    return decorate
