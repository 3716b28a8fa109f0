"""The part of componentize-py's bindings that the package uses, and handles in memory. Import it before `weft_guest`."""

import sys
from dataclasses import dataclass, make_dataclass
from enum import Enum
from types import ModuleType
from typing import Any


def _module(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    return module


@dataclass(frozen=True)
class Err(Exception):
    value: Any


logged: list[tuple[Any, ...]] = []

Level = Enum("Level", ["DEBUG", "INFO", "WARN", "ERROR"])
cases = [f"Value_{case}" for case in ("Int", "Double", "String", "Bool", "List", "Struct")]
cases += [f"Error_{case}" for case in ("OutOfRange", "TooLarge", "ReadOnly", "NotFound", "Conflict", "OutputLimit", "Io")]
types = _module("wit_world.imports.types", Value=object, **{case: make_dataclass(case, ["value"]) for case in cases})
run = _module(
    "wit_world.imports.run",
    Level=Level,
    log=lambda level, message: logged.append((level.name, message)),
    progress=lambda done, total: logged.append((done, total)),
)
_module("componentize_py_types", Err=Err)
_module("wit_world")
_module("wit_world.imports", types=types, run=run)


class Handle:
    """An artifact as the runtime gives it, but in memory."""

    def __init__(self, content: bytes = b"", *, writable: bool = True, limit: int = 1 << 30) -> None:
        self.content = bytearray(content)
        self.writable, self.limit = writable, limit
        self.named: dict[str, Any] = {}

    def length(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        if offset > len(self.content):
            raise Err(types.Error_OutOfRange((offset, len(self.content))))
        return bytes(self.content[offset : offset + length])

    def write(self, offset: int, bytes: bytes) -> None:
        if not self.writable:
            raise Err(types.Error_ReadOnly(None))
        if offset + len(bytes) > self.limit:
            raise Err(types.Error_OutputLimit(self.limit))
        self.content.extend(b"\0" * (offset - len(self.content)))
        self.content[offset : offset + len(bytes)] = bytes

    def properties(self) -> list[tuple[str, Any]]:
        return sorted(self.named.items())

    def set_property(self, name: str, value: Any) -> None:
        self.named[name] = value
