"""Runs the runner for tests: on the host's Python, or as a component where WEFT_PYTHON_RUNNER says how.

WEFT_PYTHON_RUNNER is a command that runs the component, with {root} where the folder is named that becomes its `/`, and whose further
arguments are the component's.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
COMPONENT = os.environ.get("WEFT_PYTHON_RUNNER")


class Ended(NamedTuple):
    """What a process left."""

    status: int
    out: str
    err: str


def ended(command: list[str], **options: object) -> Ended:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, **options)
    return Ended(done.returncode, done.stdout, done.stderr)


class RunnerCase(unittest.TestCase):
    """A test with a folder of its own that programs see: as `/` in a component, by its own path on the host."""

    maxDiff = None

    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("tmp", "packages"):
            (self.root / folder).mkdir()

    def place(self, path: str) -> str:
        """A path as programs see it."""
        return f"/{path}" if COMPONENT else str(self.root / path)

    def on_host(self, path: str) -> str:
        """Where a path that programs see lies."""
        return f"{self.root}{path}" if COMPONENT and path.startswith("/") else path

    def write(self, path: str, text: str) -> str:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return self.place(path)

    def python3(self, *argv: str, stdin: str = "", env: dict[str, str] | None = None) -> Ended:
        """Runs the runner with its folder as the working directory."""
        if COMPONENT:
            command = [word.replace("{root}", str(self.root)) for word in shlex.split(COMPONENT)] + ["python3"]
        else:
            command = [sys.executable, str(HERE / "host.py"), str(self.root)]
        return ended([*command, *argv], input=stdin, cwd=self.root, env=os.environ | (env or {}))
