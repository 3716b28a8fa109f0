"""One process: from the command line to the exit status."""

import atexit
import gc
import io
import linecache
import logging
import os
import runpy
import sys
import time
import types
import warnings
from collections.abc import Callable

from . import kfp_function, missing
from .command import USAGE, Command, Kind, Usage, parse

HERE = os.path.dirname(__file__)
PACKAGES = "/packages"
"""Where packages fetched ahead lie: wheels, and folders to be searched."""
FOLDER = "WEFT_FOLDER"
"""The variable that tells where a program begins, as a process inherits it; not the program's own."""
EXECUTABLE = "/usr/local/bin/python3"
library_path: list[str] = []
"""Where the standard library and the packages that come along are packed; set when the snapshot is made."""
not_packages: frozenset[str] = frozenset()
"""What lies among the packages for other ends."""
preloaded: frozenset[str] = frozenset()
"""Modules that are loaded though a fresh interpreter would not have loaded them."""


def main(argv: list[str]) -> int:
    """Does what `argv` says, program name first, and returns the exit status."""
    open_streams()
    # What logging took for the start of the process was the making of the snapshot.
    logging._startTime = time.time_ns()
    sys.orig_argv = list(argv)
    sys.executable = EXECUTABLE
    sys.dont_write_bytecode = True
    os.environ.setdefault("HOME", "/tmp")
    go_to(os.environ.pop(FOLDER, ""))
    status = guarded(lambda: run(argv))
    # What the program registered runs even after an error; an error in there does not change the status, as in CPython.
    atexit._run_exitfuncs()
    flush_open_files()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Closed or replaced by the program.
            pass
    return status


def go_to(folder: str) -> None:
    """Begins in the folder of the shell that called it."""
    if folder:
        os.chdir(folder)


def run(argv: list[str]) -> None:
    """Runs the program; what it raises is what the program ends with."""
    command = parse(argv)
    if command.kind is Kind.VERSION:
        print(f"Python {sys.version.split()[0]}")
        return
    if command.kind is Kind.HELP:
        print(USAGE, end="")
        return
    filter_warnings(command)
    main_module = types.ModuleType("__main__")
    main_module.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = main_module
    RUN[command.kind](command, main_module.__dict__)


def run_code(command: Command, names: dict) -> None:
    sys.argv = ["-c", *command.arguments]
    search(command, "")
    show_source("<string>", command.target)
    exec(compile(command.target, "<string>", "exec", dont_inherit=True), names)


def run_stdin(command: Command, names: dict) -> None:
    sys.argv = ["-", *command.arguments] if command.arguments else [""]
    search(command, "")
    source = sys.stdin.read()
    show_source("<stdin>", source)
    exec(compile(source, "<stdin>", "exec", dont_inherit=True), names)


def run_script(command: Command, names: dict) -> None:
    path = command.target
    sys.argv = [path, *command.arguments]
    if os.path.isdir(path) or path.endswith((".zip", ".pyz", ".whl")):
        # It has a __main__.py.
        search(command, path)
        runpy._run_module_as_main("__main__", alter_argv=False)
        return
    path = os.path.abspath(path)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        print(f"python3: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        sys.exit(2)
    search(command, os.path.dirname(path))
    names["__file__"] = path
    exec(compile(source, path, "exec", dont_inherit=True), names)


def run_module(command: Command, names: dict) -> None:
    del names
    sys.argv = ["-m", *command.arguments]
    search(command, os.getcwd())
    if command.target == "pip" and command.arguments[:1] == ["install"] and missing.is_installed(command.arguments[1:]):
        return
    if missing.tells_of_module(command.target):
        sys.exit(1)
    if not hasattr(sys.modules.get(command.target), "__path__"):
        # Otherwise runpy warns that what it runs is loaded already. Of a package it runs another module.
        sys.modules.pop(command.target, None)
    runpy._run_module_as_main(command.target)


def run_kfp_function(command: Command, names: dict) -> None:
    del names
    search(command, os.getcwd())
    kfp_function.run(command.target, command.arguments)


RUN: dict[Kind, Callable[[Command, dict], None]] = {
    Kind.CODE: run_code,
    Kind.STDIN: run_stdin,
    Kind.SCRIPT: run_script,
    Kind.MODULE: run_module,
    Kind.KFP_FUNCTION: run_kfp_function,
}


# ---- how it begins --------------------------------------------------------------------------------------------------------------------


def open_streams() -> None:
    """Opens the standard streams anew: lines leave at once, so that a program that is stopped leaves what it said."""
    sys.stdin = sys.__stdin__ = stream(0, "surrogateescape")
    sys.stdout = sys.__stdout__ = stream(1, "surrogateescape")
    sys.stderr = sys.__stderr__ = stream(2, "backslashreplace")


def stream(descriptor: int, errors: str) -> io.TextIOWrapper:
    binary = open(descriptor, "rb" if descriptor == 0 else "wb", closefd=False)
    text = io.TextIOWrapper(binary, encoding="utf-8", errors=errors, line_buffering=descriptor != 0)
    text.mode = "r" if descriptor == 0 else "w"
    return text


def filter_warnings(command: Command) -> None:
    wanted = os.environ.get("PYTHONWARNINGS", "") if command.environment else ""
    wanted = [option for option in wanted.split(",") if option] + command.warnings
    if wanted:
        sys.warnoptions[:] = wanted
        warnings._processoptions(wanted)


def search(command: Command, first: str) -> None:
    """Sets where modules are searched for: `first`, PYTHONPATH, the standard library, the packages."""
    own = [] if command.isolated else [first]
    if command.environment:
        own += [folder for folder in os.environ.get("PYTHONPATH", "").split(":") if folder]
    sys.path[:] = own + library_path[:1] + packages() + library_path[1:]
    for folder in own:
        unload_shadowed(folder or os.getcwd())


def packages() -> list[str]:
    try:
        entries = sorted(os.scandir(PACKAGES), key=lambda entry: entry.name)
    except OSError:
        return []
    entries = [entry for entry in entries if entry.path not in not_packages]
    return [entry.path for entry in entries if entry.is_dir() or entry.name.endswith((".whl", ".zip"))]


def unload_shadowed(folder: str) -> None:
    """Lets a module beside the program be found instead of the standard library's of that name, as a fresh interpreter does."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        module = name.removesuffix(".py")
        if module in preloaded and (module != name or os.path.isfile(f"{folder}/{name}/__init__.py")):
            for loaded in list(sys.modules):
                if loaded == module or loaded.startswith(f"{module}."):
                    del sys.modules[loaded]


def show_source(name: str, source: str) -> None:
    """Keeps a source that is no file for tracebacks."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


# ---- how it ends ----------------------------------------------------------------------------------------------------------------------


def guarded(program: Callable[[], None]) -> int:
    """Runs a program to its end and returns the exit status."""
    try:
        program()
    except SystemExit as exit:
        return status_of(exit.code)
    except Usage as error:
        print(f"python3: {error}\n{USAGE}", end="", file=sys.stderr)
        return 2
    except BaseException as error:
        report(error)
        return 1
    return 0


def flush_open_files() -> None:
    """Writes out what the program left in files that it did not close: the interpreter is not taken apart, which would do it."""
    for one in gc.get_objects():
        if issubclass(type(one), io.IOBase):
            try:
                one.flush()
            except (OSError, ValueError, AttributeError):
                # Closed, or of a kind that cannot be flushed.
                pass


def status_of(code: object) -> int:
    """The exit status for what `sys.exit` was given: a text is an error's."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def report(error: BaseException) -> None:
    """Shows an error as CPython does, without the frames that are ours, and with what can be done about it."""
    missing.explain(error)
    error = error.with_traceback(without_ours(error.__traceback__))
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit:
        raise
    except BaseException as failure:
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(failure), failure, failure.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, error.__traceback__)


def without_ours(frames: types.TracebackType | None) -> types.TracebackType | None:
    """The frames of the program: those of a KFP function begin where it is called, if it was."""
    shown, last = [], None
    while frames is not None:
        shown.append(frames)
        frames = frames.tb_next
    files = [frame.tb_frame.f_code.co_filename for frame in shown]
    begin = next((place for place, file in enumerate(files) if kfp_function.is_source(file)), None)
    if begin is None:
        begin = next((place for place, file in enumerate(files) if not is_ours(file)), len(files))
    end = len(files)
    while end > begin and is_ours(files[end - 1]):
        end -= 1
    for frame in reversed(shown[begin:end]):
        frame.tb_next, last = last, frame
    return last


def is_ours(path: str) -> bool:
    return path.startswith(HERE) or path == f"{os.path.dirname(HERE)}/app.py"
