"""Metadata properties as plain values."""

import json
from typing import Any, Protocol, TypeAlias

from wit_world.imports import types

Plain: TypeAlias = int | float | str | bool | list[Any] | dict[str, Any]
"""What a property can be."""


class Described(Protocol):
    """Handles with properties: artifacts of every kind."""

    def properties(self) -> list[tuple[str, types.Value]]: ...
    def set_property(self, name: str, value: types.Value) -> None: ...


def properties(handle: Described) -> dict[str, Plain]:
    """All properties, by name in order."""
    return {name: _plain(value) for name, value in handle.properties()}


def set_properties(handle: Described, values: dict[str, Plain] | None = None, **more: Plain) -> None:
    """Sets properties, from a dictionary or as keywords."""
    for name, value in {**(values or {}), **more}.items():
        handle.set_property(name, _value(value))


def _plain(value: types.Value) -> Plain:
    if isinstance(value, types.Value_List | types.Value_Struct):
        return json.loads(value.value)
    return value.value


def _value(plain: Plain) -> types.Value:
    match plain:
        case bool():  # before int, of which it is one
            return types.Value_Bool(plain)
        case int():
            return types.Value_Int(plain)
        case float():
            return types.Value_Double(plain)
        case str():
            return types.Value_String(plain)
        case list() | tuple():
            return types.Value_List(json.dumps(plain, allow_nan=False))
        case dict():
            return types.Value_Struct(json.dumps(plain, allow_nan=False))
    raise TypeError(f"a property is a number, a text, a truth value, a list or a dictionary, not {type(plain).__name__}")
