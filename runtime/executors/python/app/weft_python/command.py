"""The command line of `python3`."""

from dataclasses import dataclass, field
from enum import Enum, auto

USAGE = """\
usage: python3 [option] ... [-c cmd | -m mod | file | -] [arg] ...
       python3 --kfp-function SOURCE --function_to_execute NAME --executor_input JSON
Options and arguments are those of CPython's `python3`; there is no interactive mode.
"""


class Usage(Exception):
    """The command line says nothing that can be run. Its text tells why."""


class Kind(Enum):
    """What there is to run."""

    CODE = auto()
    MODULE = auto()
    SCRIPT = auto()
    STDIN = auto()
    KFP_FUNCTION = auto()
    VERSION = auto()
    HELP = auto()


@dataclass
class Command:
    """A command line, taken apart."""

    kind: Kind
    target: str = ""
    """The code, the module's name, the script's path, or the source of a KFP function's module."""
    arguments: list[str] = field(default_factory=list)
    """What follows the target."""
    warnings: list[str] = field(default_factory=list)
    """The values of `-W`."""
    isolated: bool = False
    """Neither the script's folder nor PYTHONPATH is searched for modules."""
    environment: bool = True
    """Whether variables as PYTHONPATH are heeded."""


# Accepted for the sake of commands that have them: here they change nothing.
WITHOUT_EFFECT = set("bBdOqRsSuv")


def parse(argv: list[str]) -> Command:
    """Takes a command line apart, program name first, as CPython does: its options end at the first word that is none."""
    command = Command(Kind.STDIN)
    words = argv[1:]
    while words:
        word = words.pop(0)
        if word == "--kfp-function":
            if not words:
                raise Usage("--kfp-function needs the function's source")
            return finished(command, Kind.KFP_FUNCTION, words[0], words[1:])
        if word in ("--version", "--help"):
            return finished(command, Kind.VERSION if word == "--version" else Kind.HELP)
        if word == "--check-hash-based-pycs":
            words = words[1:]
            continue
        if word == "--":
            break
        if word == "-" or not word.startswith("-"):
            words.insert(0, word)
            break
        if word.startswith("--"):
            raise Usage(f"unknown option {word}")
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "cmWX":
                if not letters and not words:
                    raise Usage(f"argument expected for the -{letter} option")
                value, letters = letters or words.pop(0), ""
                if letter == "c":
                    return finished(command, Kind.CODE, value, words)
                if letter == "m":
                    return finished(command, Kind.MODULE, value, words)
                if letter == "W":
                    command.warnings.append(value)
            elif letter == "E":
                command.environment = False
            elif letter == "I":
                command.environment, command.isolated = False, True
            elif letter == "P":
                command.isolated = True
            elif letter == "V":
                return finished(command, Kind.VERSION)
            elif letter in "h?":
                return finished(command, Kind.HELP)
            elif letter not in WITHOUT_EFFECT:
                raise Usage(f"option -{letter} is not available inside the sandbox")
    if not words or words[0] == "-":
        return finished(command, Kind.STDIN, "", words[1:])
    return finished(command, Kind.SCRIPT, words[0], words[1:])


def finished(command: Command, kind: Kind, target: str = "", arguments: list[str] | None = None) -> Command:
    command.kind, command.target, command.arguments = kind, target, list(arguments or [])
    return command
