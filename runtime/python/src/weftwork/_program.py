"""The program `weft`: where it is, and how it is asked.

All that this package knows, it knows from `weft ... --json`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Optional, Sequence

from weftwork._errors import InvalidPipeline, NotInstalled, WeftError

#: Exit codes of `weft run`.
FAILED, WRONG_REQUEST, INTERRUPTED = 1, 2, 130

#: Environment variable that names another `weft` than the one that came with this package.
VARIABLE = "WEFT_BINARY"


class Answer(NamedTuple):
    """How the program ended and what it wrote."""

    code: int
    out: bytes
    err: str


def find() -> str:
    """The program's path: what `$WEFT_BINARY` names, the one that was installed with this package, else the first on the path.

    Raises `NotInstalled` if there is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named
    name = "weft" + (sysconfig.get_config_var("EXE") or "")
    for folder in _folders():
        candidate = folder / name
        if candidate.is_file():
            return str(candidate)
    found = shutil.which("weft")
    if found is None:
        raise NotInstalled(
            f"the program `weft` is not there: install weftwork's wheel, or set {VARIABLE} to where it is"
        )
    return found


def _folders() -> Iterator[Path]:
    """Where installers put the programs of a package: in the environment, beside the package (`pip install --target`), at the user's."""
    yield Path(sysconfig.get_path("scripts"))
    yield Path(__file__).parent.parent / "bin"
    scheme = "nt_user" if os.name == "nt" else "posix_user"
    if scheme in sysconfig.get_scheme_names():
        yield Path(sysconfig.get_path("scripts", scheme))


def call(
    arguments: Sequence[str],
    store: Optional[str] = None,
    every: Optional[float] = None,
    meanwhile: Callable[[], Optional[float]] = lambda: None,
    long: bool = False,
) -> Answer:
    """Runs the program to its end.

    While it is at work, `meanwhile` is called after `every` seconds, and then after as many as it returns. If that raises, or this process is
    interrupted, the program is asked to stop as by Ctrl-C, waited for, and what was raised is raised again. The program has a session of its own,
    so that it hears of an interrupt once, whether or not the terminal told it, too; interrupted again, it ends at once. What may
    take `long` does not outlive this process, however that ends.
    """
    command = [find(), "--color", "never", *(("--store", store) if store is not None else ()), *arguments]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as cause:
        raise NotInstalled(f"cannot start `{command[0]}`: {cause.strerror}") from None
    with _watched(process) if long else contextlib.nullcontext():
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=every)
                    return Answer(process.returncode, out, err.decode(errors="replace"))
                except subprocess.TimeoutExpired:
                    every = meanwhile()
        except BaseException:
            _stop(process)
            raise


@contextlib.contextmanager
def _watched(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Has the program asked to stop when this process is gone: a shell waits for the end of a pipe that is held here."""
    if os.name == "nt":
        yield
        return
    ours = os.pipe()
    command = ["sh", "-c", 'read -r _; kill -INT "$0" 2>/dev/null', str(process.pid)]
    watch = subprocess.Popen(
        command, stdin=ours[0], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(ours[0])
    try:
        yield
    finally:
        # Before the pipe ends: the number may be another process's by now.
        watch.kill()
        watch.wait()
        os.close(ours[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Asks the program to stop and waits. An interrupt meanwhile is passed on; the program ends at once then."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        try:
            process.communicate()
        except KeyboardInterrupt:
            continue


def ask(arguments: Sequence[str], store: Optional[str] = None, shown: Optional[str] = None) -> Answer:
    """The program's answer, if it is a good one. Raises `WeftError` with what it says is wrong; see `error` for `shown`."""
    answer = call(arguments, store)
    if answer.code != 0:
        raise error(answer, shown)
    return answer


def document(arguments: list[str], store: Optional[str] = None) -> Any:
    """The JSON document that the program answers with. Raises `WeftError` with what it says is wrong."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return parse(ask([*arguments[:end], "--json", *arguments[end:]], store))


def parse(answer: Answer) -> Any:
    """The JSON document in an answer."""
    try:
        return json.loads(answer.out)
    except ValueError:
        raise WeftError(_words(answer) or f"weft ended with code {answer.code} and said nothing") from None


def error(answer: Answer, shown: Optional[str] = None) -> WeftError:
    """What an answer says is wrong. `shown` is what to call the pipeline's file, if it is one that the user did not write."""
    try:
        answered = json.loads(answer.out)
        # `weft check` answers with what it found, also if that is wrong.
        told: Mapping[str, Any] = answered.get("error", answered)
    except (ValueError, AttributeError):
        return WeftError(_words(answer) or f"weft ended with code {answer.code} and said nothing")
    diagnostics = [d for d in told.get("diagnostics") or () if d.get("severity") == "error"]
    if diagnostics:
        return InvalidPipeline("\n".join(_diagnostic(d, shown) for d in diagnostics), told["diagnostics"])
    lines = [told.get("message", ""), *(f"  caused by: {cause}" for cause in told.get("causes") or ())]
    if told.get("hint"):
        lines.append(f"hint: {told['hint']}")
    return WeftError("\n".join(lines))


def _diagnostic(found: Mapping[str, Any], shown: Optional[str]) -> str:
    """One thing that is wrong: what, where, and what to do."""
    at = found.get("at")
    if shown is not None:
        place = shown
    else:
        place = str(found.get("file")) + (f":{at['line']}:{at['column']}" if at else "")
    hint = f"\n  hint: {found['hint']}" if found.get("hint") else ""
    return f"{found.get('message')}\n  --> {place}{hint}"


def warnings_in(err: str) -> list[str]:
    """The warnings about a pipeline among what `weft run` wrote to standard error: paragraphs that begin so."""
    return [part.strip() for part in err.split("\n\n") if part.lstrip().startswith("warning: ")]


def _words(answer: Answer) -> str:
    text = answer.err.strip()
    return text[len("error: ") :] if text.startswith("error: ") else text


def main() -> None:
    """`python -m weftwork`: the program itself, with these arguments."""
    program = find()
    try:
        os.execv(program, [program, *sys.argv[1:]])
    except OSError as cause:
        sys.exit(f"cannot start `{program}`: {cause.strerror}")
