"""`weftwork.component`: a WebAssembly component of a Python function."""

from __future__ import annotations

import ast
import collections.abc
import hashlib
import inspect
import os
import re
import tempfile
import textwrap
import typing
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional, Union

from kfp import components, dsl
from kfp.dsl.types import type_annotations

from weftwork import _program
from weftwork._errors import WeftError

_KINDS = {
    dsl.Artifact: "artifact",
    dsl.Dataset: "dataset",
    dsl.Model: "model",
    dsl.Metrics: "metrics",
    dsl.ClassificationMetrics: "classification-metrics",
    dsl.HTML: "html",
    dsl.Markdown: "markdown",
}
_SCALARS = {str: "string", int: "s64", float: "f64", bool: "bool"}


class _Port(NamedTuple):
    """An input or output: its name in Python, its type in WIT, and for artifacts the kind."""

    name: str
    wit: str
    kind: Optional[str] = None
    several: bool = False
    optional: bool = False


class _Signature(NamedTuple):
    name: str
    inputs: list[_Port]
    outputs: list[_Port]
    returned: list[str]
    """Outputs that the function returns, in this order; the others are artifacts that it is handed."""


def component(
    function: Optional[Callable[..., Any]] = None,
    *,
    folder: Union[str, os.PathLike[str]] = "components",
    install: bool = False,
) -> Any:
    """Makes a WebAssembly component of a function and returns it as a component of the KFP SDK.

        @weftwork.component
        def train(data: Input[Dataset], rate: float, model: Output[Model]) -> float: ...

    The function is written as for `@dsl.component`: artifacts are `Input[..]` and `Output[..]`, parameters have types whose content is said
    (`List[int]` rather than `list`), what it needs it imports inside. It has Python's standard library there.

    The component is built by `weft build`, which takes some seconds, into `folder` as `NAME-DIGEST.wasm`, where the same function finds it again:
    a file that any pipeline, host and language can use. Pipelines that are compiled name it by its path. `install` has weft install the tools
    that it needs into its own cache, once.
    """
    if function is None:
        return lambda decorated: component(decorated, folder=folder, install=install)
    signature = _signature(function)
    wasm = _build(signature, _files(function, signature), Path(folder).absolute(), install)
    described = _program.ask(["inspect", "--format", "kfp", "--", str(wasm)]).out.decode()
    made = components.load_component_from_text(described)
    made.wasm = wasm
    made.python_func = function
    return made


def _signature(function: Callable[..., Any]) -> _Signature:
    """Reads a function's annotations. Raises `TypeError` for what no component can have."""
    hints = typing.get_type_hints(function, include_extras=True)
    inputs: list[_Port] = []
    outputs: list[_Port] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"`{function.__name__}`: `*{name}` cannot be an input; name each")
        if name not in hints:
            raise TypeError(f"`{function.__name__}`: the parameter `{name}` has no type")
        port, is_output = _port(name, hints[name], parameter.default is not parameter.empty)
        (outputs if is_output else inputs).append(port)
    returned = _returned(function.__name__, hints.get("return", type(None)))
    return _Signature(function.__name__, inputs, outputs + returned, [port.name for port in returned])


def _port(name: str, hint: Any, has_default: bool) -> tuple[_Port, bool]:
    """A parameter of a function as a port, and whether it is an output."""
    marks = getattr(hint, "__metadata__", ())
    artifact = next(
        (mark for mark in marks if mark in (type_annotations.InputAnnotation, type_annotations.OutputAnnotation)), None
    )
    if artifact is None:
        wit, optional = _parameter(name, hint)
        return _Port(
            name, f"option<{wit}>" if optional or has_default else wit, optional=optional or has_default
        ), False
    inner = hint.__origin__
    several = typing.get_origin(inner) in (list, collections.abc.Sequence)
    kind = _KINDS.get(typing.get_args(inner)[0] if several else inner)
    is_output = artifact is type_annotations.OutputAnnotation
    if kind is None or several and is_output:
        raise TypeError(
            f"`{name}`: {inner} cannot be an artifact here; there are {', '.join(each.__name__ for each in _KINDS)}"
        )
    # An owned handle: componentize-py gives borrowed ones back only when it collects garbage.
    wit = f"list<{kind}>" if several else kind
    return _Port(name, f"option<{wit}>" if has_default else wit, kind, several, has_default), is_output


def _parameter(name: str, hint: Any) -> tuple[str, bool]:
    """A parameter's type in WIT, and whether it may be absent."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _SCALARS:
        return _SCALARS[hint], False
    if origin is list and arguments:
        return f"list<{_required(name, arguments[0])}>", False
    if origin is dict and len(arguments) == 2 and arguments[0] is str:
        return f"list<tuple<string, {_required(name, arguments[1])}>>", False
    present = [each for each in arguments if each is not type(None)]
    if len(present) == 1 and len(arguments) == 2 and origin is not dict:
        return _required(name, present[0]), True
    what = getattr(hint, "__name__", str(hint))
    known = "str, int, float, bool, List[..] and Dict[str, ..] of these, or an Optional of one"
    raise TypeError(f"`{name}`: {what} is no type that a component can have; take {known}")


def _required(name: str, hint: Any) -> str:
    wit, optional = _parameter(name, hint)
    return f"option<{wit}>" if optional else wit


def _returned(function: str, hint: Any) -> list[_Port]:
    if hint is type(None):
        return []
    fields = typing.get_type_hints(hint) if hasattr(hint, "_fields") else {"output": hint}
    return [_Port(name, _required(name, each)) for name, each in fields.items()]


def _files(function: Callable[..., Any], signature: _Signature) -> dict[str, str]:
    """The sources of the component."""
    name = _kebab(signature.name)
    record = "".join(f"        {_wit(port.name)}: {port.wit},\n" for port in signature.outputs)
    parameters = ", ".join(f"{_wit(port.name)}: {port.wit}" for port in signature.inputs)
    kinds = sorted({port.kind for port in (*signature.inputs, *signature.outputs) if port.kind is not None})
    use = f"    use weft:component/artifacts@0.1.0.{{{', '.join(kinds)}}};\n" if kinds else ""
    outputs = f"    record outputs {{\n{record}    }}\n" if record else ""
    world = (
        f"package weftwork:{name};\n\nworld {name} {{\n    include weft:component/imports@0.1.0;\n{use}{outputs}"
        f"    export %{name}: func({parameters}) -> result<{'outputs' if record else '_'}, string>;\n}}\n"
    )
    return {
        "wit/world.wit": world,
        "component.py": _wrapper(signature),
        "function.py": _source(function),
        "artifacts_here.py": (Path(__file__).parent / "_guest.py").read_text(encoding="utf-8"),
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "0.1.0"\n\n[tool.weft]\nmodule = "component"\n',
    }


def _wrapper(signature: _Signature) -> str:
    """The Python that takes values out of handles and puts results back."""
    lines = [
        "import sys",
        "import traceback",
        "import wit_world",
        "from componentize_py_types import Err",
        "from wit_world.imports import artifacts",
        "import artifacts_here",
        "import function",
        "",
        "class WitWorld(wit_world.WitWorld):",
        f"    def {signature.name}({', '.join(['self', *(port.name for port in signature.inputs)])}):",
        "        try:",
        "            given, made = {}, {}",
    ]
    for port in signature.inputs:
        value = port.name
        if port.kind is not None:
            one = f"artifacts_here.Artifact({{}}, {port.name!r})"
            value = f"[{one.format('each')} for each in {port.name}]" if port.several else one.format(port.name)
        elif port.wit.removeprefix("option<").startswith("list<tuple<string, "):
            value = f"dict({port.name})"
        given = f"given[{port.name!r}] = {value}"
        lines.append(f"            if {port.name} is not None: {given}" if port.optional else f"            {given}")
    for port in signature.outputs:
        if port.kind is not None:
            maker = "".join(part.capitalize() for part in port.kind.split("-"))
            lines.append(
                f"            given[{port.name!r}] = made[{port.name!r}] = artifacts_here.Artifact(artifacts.{maker}(), {port.name!r})"
            )
    lines.append(f"            result = function.{signature.name}(**given)")
    if signature.returned == ["output"]:
        lines.append("            result = (result,)")
    fields = []
    for port in signature.outputs:
        if port.kind is not None:
            fields.append(f"made[{port.name!r}].finished()")
        else:
            value = f"result[{signature.returned.index(port.name)}]"
            table = f"list({value}.items())" if port.wit.startswith("list<tuple<string, ") else value
            fields.append(f"float({value})" if port.wit == "f64" else table)
    lines += [
        f"            return wit_world.Outputs({', '.join(fields)})" if fields else "            return None",
        "        except Exception as error:",
        "            traceback.print_exc(file=sys.stderr)",
        '            raise Err(f"{type(error).__name__}: {error}") from None',
        "",
    ]
    return "\n".join(lines)


def _source(function: Callable[..., Any]) -> str:
    """The function without decorators and annotations, which name what is not there."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    (definition,) = tree.body
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"`{function.__name__}` is no function that is defined by `def`")
    definition.decorator_list, definition.returns = [], None
    arguments = definition.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None
    return "from __future__ import annotations\n\n" + ast.unparse(tree) + "\n"


def _build(signature: _Signature, files: dict[str, str], folder: Path, install: bool) -> Path:
    """Builds the component, unless the same is there. Returns its file."""
    version = _program.call(["--version"]).out.decode()
    key = hashlib.sha256(repr((version, sorted(files.items()))).encode()).hexdigest()[:12]
    wasm = folder / f"{_kebab(signature.name)}-{key}.wasm"
    if wasm.is_file():
        return wasm
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="weftwork-") as scratch:
        made = Path(scratch) / "made-here"
        try:
            # For the interface of weft's, which it puts beside the new component's.
            _program.ask(["new", "--lang", "python", "--", str(made)])
            for name, text in files.items():
                (made / name).write_text(text, encoding="utf-8")
            _program.ask(["build", "--json", *(["--install"] if install else []), "-o", str(wasm), "--", str(made)])
        except WeftError as told:
            raise WeftError(f"`{signature.name}` cannot be built as a component\n{told}", told.diagnostics) from None
    return wasm


def _kebab(name: str) -> str:
    """A name as WIT has it."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*", name):
        words = "words of small letters and digits, each with a letter first"
        raise TypeError(f"the name `{name}` has no form in a component's interface: use {words}")
    return name.replace("_", "-")


def _wit(name: str) -> str:
    # Whatever it is, a keyword of WIT it is not then.
    return f"%{_kebab(name)}"
