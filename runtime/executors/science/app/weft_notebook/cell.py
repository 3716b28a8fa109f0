"""Cells: their code, and what of IPython's own language is in it."""

import ast
import asyncio
import inspect
import linecache
import re
import sys
from contextvars import ContextVar

from . import display

MAGIC = re.compile(r"\s*(?:[\w.,\s]+=\s*)?(?:%%?\w|!|\?\w|[\w.]+\?\??\s*$)")
WORD = re.compile(r"%%?\w+|!\s*\S+")
PASSED_OVER = frozenset("%matplotlib %config %load_ext %reload_ext %autoreload %precision".split())
"""Lines that change nothing here: figures are shown in the notebook anyway."""


class UsageError(Exception):
    """A cell has what only IPython understands."""


# As IPython shows it.
UsageError.__module__ = "builtins"


def code_of(source: str, name: str) -> tuple[ast.Module, ast.Expression | None]:
    """The statements of a cell, and the expression at its end, whose value is shown.

    Of IPython's own lines those that change nothing are left out, others are told by their names.
    """
    try:
        tree = ast.parse(source, name)
    except SyntaxError as error:
        tree, wrong = None, error
    if tree is None:
        plain = "\n".join(checked(line) for line in source.split("\n"))
        if plain == source:
            raise wrong
        linecache.cache[name] = (len(plain), None, plain.splitlines(keepends=True), name)
        tree = ast.parse(plain, name)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return tree, None
    tree.body.pop()
    # A semicolon behind it says that nobody is to see it.
    lines = source.rstrip().split("\n")
    quiet = re.sub(r"#[^'\"]*$", "", lines[-1]).rstrip().endswith(";")
    if quiet:
        tree.body.append(last)
        return tree, None
    return tree, ast.Expression(last.value)


def checked(line: str) -> str:
    """A line of a cell that is not Python as it stands."""
    if not MAGIC.match(line):
        return line
    found = WORD.search(line)
    word = found[0] if found else line.strip()
    if word in PASSED_OVER:
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}pass" if indent else ""
    if "pip" in word or (word == "!python" and "pip" in line):
        said = "pip is not available inside the sandbox, which has no network: name the packages in the component's packages_to_install"
        raise UsageError(f"{word}: {said}")
    raise UsageError(f"{word} is IPython's own, which is not available inside the sandbox: write the cell in Python")


def run(source: str, name: str, names: dict) -> object:
    """Runs a cell; the value of the expression at its end, or `None`."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    body, last = code_of(source, name)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    finish(eval(compile(body, name, "exec", flags, dont_inherit=True), names))
    return None if last is None else finish(eval(compile(last, name, "eval", flags, dont_inherit=True), names))


def finish(value: object) -> object:
    """Runs what awaits something at the top of a cell."""
    return asyncio.run(value) if inspect.iscoroutine(value) else value


class Shell:
    """What `get_ipython()` gives."""

    def __init__(self, names: dict) -> None:
        self.user_ns = names
        self.config: dict = {}
        # Whoever wants to be told of cells is not: figures are shown after each anyway.
        self.events = self

    def register(self, event: str, function: object) -> None:
        pass

    unregister = register

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def run_line_magic(self, name: str, line: str, *rest: object) -> None:
        checked(f"%{name} {line}")

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        checked(f"%%{name} {line}")

    def system(self, command: str) -> None:
        checked(f"!{command}")


running: ContextVar[Shell | None] = ContextVar("running", default=None)
"""The shell of the notebook that runs."""


def get_ipython() -> Shell | None:
    """The shell, if a notebook runs."""
    return running.get()


def namespace() -> dict:
    """The names that every notebook begins with."""
    builtins = sys.modules["builtins"]
    return {"__name__": "__main__", "__builtins__": builtins, "display": display.display, "get_ipython": get_ipython, "In": [""], "Out": {}}
