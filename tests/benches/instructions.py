"""Counts the instructions that weft executes on fixed inputs, by callgrind, and fails where one of them grew by more than a tenth.

    python3 tests/benches/instructions.py [--keep] [INPUT]...

It counts a release build, or the program that $WEFT names. `--keep` writes the counts into instructions.json beside it, for a change that is
worth what it costs. Needs valgrind, and the guests (`bash guest-examples/build.sh`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "suite"))
from measure import ROOT  # noqa: E402
from pipelines import chain  # noqa: E402

KEPT = Path(__file__).with_suffix(".json")
#: How much more than what is kept is a regression.
ALLOWED = 1.10

#: What is counted: what is run before, and what is run under callgrind. One step at a time, as what waits for another thread spins.
INPUTS = {
    "version": ([], ["--version"]),
    "check": ([], ["check", "chain.yaml"]),
    "run": ([], ["run", "chain.yaml", "--quiet", "--jobs", "1"]),
    "run from the cache": (["run", "chain.yaml", "--quiet"], ["run", "chain.yaml", "--quiet", "--jobs", "1"]),
    "runs show": (["run", "chain.yaml", "--quiet"], ["runs", "show", "latest", "--json"]),
}


def weft():
    """The program that is counted."""
    if "WEFT" in os.environ:
        return os.environ["WEFT"]
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "-p", "weft-cli"], cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "weft"


def count(program, before, arguments, cache):
    """Instructions of one run in an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "chain.yaml").write_text(chain(200))
        environment = {**os.environ, "WEFT_CACHE": cache}
        quiet = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL}
        # Compiled code is kept by then.
        subprocess.run([program, "run", "chain.yaml", "--quiet", "--store", "other"], check=True, **quiet)
        if before:
            subprocess.run([program, *before], check=True, **quiet)
        # Code of components lies in files that are mapped, and is not written to.
        under = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--smc-check=none"]
        told = subprocess.run([*under, program, *arguments], stderr=subprocess.PIPE, text=True, **quiet)
        if told.returncode != 0:
            sys.exit(f"error: weft {' '.join(arguments)} failed:\n{told.stderr}")
        return int(re.search(r"Collected : (\d+)", told.stderr)[1])


def main():
    if shutil.which("valgrind") is None:
        sys.exit("error: valgrind is not installed; Debian's package of that name has it")
    keep = "--keep" in sys.argv
    asked = [name for name in sys.argv[1:] if name != "--keep"] or list(INPUTS)
    unknown = [name for name in asked if name not in INPUTS]
    if unknown:
        sys.exit(f"error: there is no input {unknown[0]}; they are {', '.join(INPUTS)}")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    program = weft()
    grown = []
    with tempfile.TemporaryDirectory() as cache:
        for name in asked:
            now = count(program, *INPUTS[name], cache)
            ratio = now / kept[name] if name in kept else None
            beside = "not kept yet" if ratio is None else f"{ratio:.3f} of {kept[name]:,}"
            print(f"{name:<20} {now:>16,} instructions  {beside}", flush=True)
            if ratio is not None and ratio > ALLOWED:
                grown.append(name)
            kept[name] = now
    if keep:
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    elif grown:
        sys.exit(f"error: grew by more than a tenth: {', '.join(grown)}; `--keep` keeps the new counts if they are worth it")


main()
