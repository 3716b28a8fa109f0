"""Text of others: what components print, and what they call things."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Without control characters but tabs and newlines: a terminal does with it no more than show it."""
    return _CONTROL.sub("", text)


def file_name(text: str) -> str:
    """As the name of a file, which leads to no other folder."""
    return _CONTROL.sub("", text).replace("/", "_").replace("\\", "_").lstrip(".") or "artifact"


def seconds(duration: float) -> str:
    """A duration for people."""
    if duration < 1:
        return f"{duration * 1000:.0f} ms"
    if duration < 60:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s"
