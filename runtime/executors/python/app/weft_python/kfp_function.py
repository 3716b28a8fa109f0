"""A function of a Kubeflow pipeline, run by kfp's own executor.

KFP writes the function's source to a file and starts `python3 -m kfp.dsl.executor_main` on it. This does the same with kfp's own parts,
without the shell before them: the function is found in a module with a file, its source can be inspected, and kfp writes the outputs.
Left out are the lines in which `executor_main` repeats what was passed in.
"""

import json
import os
import sys
import typing

from .command import Usage

FOLDER = "/tmp/kfp/component"
"""Where the function's source is written. KFP takes a random folder; a fixed one keeps tracebacks the same from run to run."""
MODULE = "ephemeral_component"


def run(source: str, arguments: list[str]) -> None:
    """Runs the function that `arguments` names, `--function_to_execute NAME --executor_input JSON`, of a module's source."""
    name = option(arguments, "--function_to_execute")
    executor_input = json.loads(option(arguments, "--executor_input"))
    os.environ["_KFP_RUNTIME"] = "true"
    from kfp.dsl import executor, executor_main, utils

    path = f"{FOLDER}/{MODULE}.py"
    os.makedirs(FOLDER, exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(source)
    sys.argv = [executor_main.__file__, "--component_module_path", path, *arguments]
    if sys.version_info >= (3, 15):
        typing.NamedTuple = named_tuple
    # The function may log: kfp sets it up to go to standard output.
    executor_main._setup_logging()
    module = utils.load_module(module_name=MODULE, module_directory=FOLDER)
    executor.Executor(executor_input=executor_input, function_to_execute=getattr(module, name)).execute()


def named_tuple(typename: str, fields: typing.Any = None, /, **more: type) -> type:
    """`typing.NamedTuple` as it was before Python 3.15: functions for KFP name what they return by keywords, `NamedTuple("Outputs",
    rows=int)`."""
    made = NAMED_TUPLE(typename, more.items() if fields is None else fields)
    # Pickles name the module of whoever made it.
    made.__module__ = sys._getframe(1).f_globals.get("__name__", __name__)
    return made


NAMED_TUPLE = typing.NamedTuple
# Classes derive from it.
named_tuple.__mro_entries__ = NAMED_TUPLE.__mro_entries__


def option(arguments: list[str], name: str) -> str:
    """The value of an option, from its last place among the arguments; others are for whoever knows them."""
    for place in reversed(range(len(arguments))):
        if arguments[place] == name and place + 1 < len(arguments):
            return arguments[place + 1]
        if arguments[place].startswith(f"{name}="):
            return arguments[place].partition("=")[2]
    raise Usage(f"--kfp-function needs {name}")


def is_source(path: str) -> bool:
    """Whether a file is the function's own."""
    return path == f"{FOLDER}/{MODULE}.py"
