"""Starting programs and measuring them: wall time, processor time, and the largest resident memory."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BENCHES = ROOT / "target" / "benches"
COMPONENTS = ROOT / "target" / "components"
WEFT = os.environ.get("WEFT", str(ROOT / "target" / "release" / "weft"))
#: Compiled components, apart from those of the user.
CACHE = BENCHES / "compiled"


@dataclass
class Measured:
    """What a program took: seconds, and bytes at most."""

    wall: float
    processor: float
    memory: int
    output: str = ""


def once(command, folder, environment=None):
    """Runs a program to its end. It must succeed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdout=out,
            stderr=err,
            env={**os.environ, "WEFT_CACHE": str(CACHE), **(environment or {})},
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            sys.exit(f"error: {' '.join(map(str, command))}\n{err.read().decode(errors='replace')}")
        output = out.read().decode(errors="replace")
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, output)


def median(rounds, work):
    """The round with the median wall time."""
    all_rounds = sorted((work() for _ in range(rounds)), key=lambda one: one.wall)
    return all_rounds[len(all_rounds) // 2]


def middle(numbers):
    """The median of plain numbers."""
    return statistics.median(numbers)


class Folder:
    """A folder that is gone afterwards, with a store in it."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="weft-bench-", dir=BENCHES))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def weft(self, *arguments):
        """weft in this folder."""
        return once([WEFT, *arguments], self.path)

    def fresh_run(self, *arguments):
        """`weft run` in an empty store."""
        shutil.rmtree(self.path / ".weft", ignore_errors=True)
        return self.weft("run", *arguments, "--quiet")

    def file(self, name, text):
        """Writes a file."""
        (self.path / name).write_text(text)
        return self.path / name
