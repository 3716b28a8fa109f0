#!/usr/bin/env python3
"""Runs every example (components in Rust, Python, JavaScript and C, a notebook, and each pipeline of KFP functions that tests compile, with what it is to be given), deletes what
was compiled, and has `weft verify` execute each step again in a fresh process: each output has to be the same, byte for byte. At last it grants a step what may change what it
gives, one thing at a time: that cannot be verified, and has to be told by name. Without arguments, all; else those whose names hold one.

It takes some minutes; run `bash tests/run.sh` before, which makes what it needs. `$WEFT` names the program (target/release/weft if it is there, else the development build).
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parent.parent
EXAMPLES = REPO / "guest-examples"
TARGET = REPO / "target"
COMPILED_BEFORE = TARGET / "compiled"
PENGUINS = EXAMPLES / "penguins/data/penguins.csv"

# What a step may be granted, and how `verify` says so. The network is not asked: the grant is enough.
GRANTS = {
    "clock": ("clock: true", "it was granted the host's clock"),
    "random": ("random: true", "it was granted the host's randomness"),
    "env": ("env: [HOME]", "it was granted variables of the host's environment"),
    "net": ("net: [data.example.org:443]", "it was granted the network"),
    "directories": ("directories: { /ref: . }", "it was granted directories of the host or volumes"),
}
HOST_PYTHON = "it ran on the host's own Python, outside of the sandbox"


class Run(NamedTuple):
    id: str
    # What was given besides the pipeline and its inputs: secrets are not in the record.
    options: tuple = ()
    folder: Path = REPO


def program():
    built = (TARGET / kind / "weft" for kind in ("release", "debug"))
    return os.environ.get("WEFT") or str(next(path for path in built if path.exists()))


class Weft:
    """The program with a store of its own, and a fresh cache of compiled components for what it verifies."""

    def __init__(self, work):
        self.program, self.work = program(), work
        self.store = work / "store"

    def __call__(self, *arguments, cache=COMPILED_BEFORE, folder=REPO):
        environment = {**os.environ, "WEFT_STORE": str(self.store), "WEFT_CACHE": str(cache)}
        command = [self.program, *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    def run(self, *arguments, folder=REPO):
        """The run, if there was one, and what was said."""
        done = self("run", "--json", *arguments, folder=folder)
        id = json.loads(done.stdout).get("run") if done.stdout.strip() else None
        return id and Run(id), done

    def must_run(self, *arguments, folder=REPO):
        run, done = self.run(*arguments, folder=folder)
        if done.returncode != 0:
            sys.exit(f"error: weft run {' '.join(map(str, arguments))}: {done.stderr}")
        return run

    def runs(self):
        return [run["id"] for run in json.loads(self("runs", "--json").stdout or "[]")]

    def verify(self, run):
        """The steps with their verdicts, executed by a process of its own."""
        arguments = ("verify", "--keep-compiled", "--json", run.id, *run.options)
        done = self(*arguments, cache=self.work / "compiled", folder=run.folder)
        if done.returncode not in (0, 1):
            sys.exit(f"error: weft verify {run.id}: {done.stderr}")
        return json.loads(done.stdout)["steps"]


# Each of these gives the runs of one example.


def penguins(weft):
    model, table = weft.work / "model", weft.work / "new.csv"
    yield weft.must_run(EXAMPLES / "penguins/pipeline.yaml")
    weft("artifact", "export", "latest/train.model", model)
    yield weft.must_run(EXAMPLES / "continuous/examine.yaml", "-w", f"model={model}")
    table.write_text(PENGUINS.read_text().replace("NA", ""))
    yield weft.must_run(EXAMPLES / "monitor/pipeline.yaml", "-p", f"data={table}")


def polyglot(weft):
    yield weft.must_run(EXAMPLES / "polyglot/pipeline.yaml")


def blessing(weft):
    for trees in (20, 5, 60):
        learning = json.dumps({"trees": trees, "min-leaf-rows": 5})
        yield weft.must_run(EXAMPLES / "blessing/pipeline.yaml", "-p", f"learning={learning}")


def flights(weft):
    flights, data = weft.work / "guest-examples/flights", weft.work / "guest-examples/flights/data"
    shutil.copytree(EXAMPLES / "flights", flights, ignore=shutil.ignore_patterns("data"))
    (weft.work / "target").symlink_to(TARGET)
    data.mkdir()
    sample = flights / "sample/nycflights13-sample.tar.gz"
    subprocess.run([sys.executable, flights / "prepare.py", sample, data], check=True, stdout=subprocess.DEVNULL)
    yield weft.must_run(flights / "pipeline.yaml", folder=flights)
    leaking = flights / "leaking.yaml"
    # The leak is found, which ends the first; the second is told to go on.
    yield weft.run(flights / "pipeline.yaml", "--params", leaking, folder=flights)[0]
    yield weft.must_run(flights / "pipeline.yaml", "--params", leaking, "-p", "stop=false", folder=flights)
    month = data / "later/2013-07/flights.csv"
    yield weft.must_run(flights / "monitor.yaml", "-p", f"flights={month}", folder=flights)


def notebook(weft):
    """Its cells as a script, as Python's tests of it show that it works as a notebook."""
    cells = json.loads((EXAMPLES / "notebook/components.ipynb").read_text())["cells"]
    script = weft.work / "notebook.py"
    script.write_text("\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    before = set(weft.runs())
    environment = {**os.environ, "PYTHONPATH": str(REPO / "runtime/python/src"), "WEFT_BINARY": weft.program}
    environment |= {"WEFT_EXECUTORS": str(TARGET / "executors"), "WEFT_COMPONENTS": str(TARGET / "components")}
    environment |= {"WEFT_STORE": str(weft.store), "WEFT_CACHE": str(COMPILED_BEFORE)}
    python = TARGET / "python-tests/bin/python"
    subprocess.run([python, "-W", "ignore", script], cwd=weft.work, env=environment, check=True, capture_output=True)
    yield from (Run(run) for run in weft.runs() if run not in before)


def stack(weft):
    """The example that needs pandas and scikit-learn."""
    if not list(TARGET.glob("executors/science-*/science.wasm")):
        print("passed over: guest-examples/kfp, as the science executor is not installed (`weft executor install science`)")
        return
    compiled = weft.work / "penguins-by-sex.yaml"
    python = TARGET / "kfp-venv/bin/python"
    subprocess.run([python, "-W", "ignore", EXAMPLES / "kfp/pipeline.py", compiled], check=True)
    yield weft.must_run(compiled, "-w", f"data={PENGUINS}")


def kfp(name):
    """A pipeline of the corpus with what its `EXPECT` gives it. What fails, as it is to, counts with what it did until then; what is to be refused has no run."""

    def run(weft):
        folder = weft.work / "kfp" / name
        work = folder / "work"
        work.mkdir(parents=True)
        read = lambda kind: (TARGET / f"kfp-tests/{name}.{kind}").read_text().replace("{workdir}", str(work))
        (folder / "pipeline.yaml").write_text(read("yaml"))
        expect = json.loads(read("json"))
        for file, text in expect.get("files", {}).items():
            (work / file).parent.mkdir(parents=True, exist_ok=True)
            (work / file).write_text(text)
        options = tuple(expect.get("options", ()))
        arguments = list(options)
        for parameter, value in expect.get("arguments", {}).items():
            arguments += ["-p", f"{parameter}={value if isinstance(value, str) else json.dumps(value)}"]
        for port, paths in expect.get("inputs", {}).items():
            for path in paths:
                arguments += ["-w", f"{port}={path}"]
        run, done = weft.run("pipeline.yaml", *arguments, folder=folder)
        if run:
            yield run._replace(options=options, folder=folder)
        elif "error" not in expect:
            sys.exit(f"error: kfp:{name} does not run: {done.stderr}")

    return run


def host_python(weft):
    pipeline, python = TARGET / "kfp-tests/deterministic.yaml", TARGET / "kfp-venv/bin/python"
    yield weft.must_run(pipeline, "--executor", "host-python", "--python", python)


def granted(weft):
    steps = "".join(
        f'  {name}: {{ component: "{TARGET}/components/trivial.wasm#add", with: {{ a: 1, b: 2 }}, grants: {{ {grant} }} }}\n'
        for name, (grant, _) in GRANTS.items()
    )
    pipeline = weft.work / "granted.yaml"
    pipeline.write_text(f"name: granted\nparameters: {{}}\nsteps:\n{steps}")
    yield weft.must_run(pipeline)


def examples():
    yield from ((f.__name__, f) for f in (penguins, polyglot, blessing, flights, notebook, stack))
    yield from ((f"kfp:{path.stem}", kfp(path.stem)) for path in sorted((TARGET / "kfp-tests").glob("*.yaml")))
    yield from ((f.__name__, f) for f in (granted, host_python))


def unexpected(name, step):
    """What is wrong with a verdict, if something is."""
    verdict, reason = step["verdict"], step.get("reason")
    if name == "granted":
        return reason != GRANTS[step["task"]][1]
    if name == "host_python":
        return reason != HOST_PYTHON
    # Of all else only what KFP's volumes share between steps is no function of what is recorded.
    volumes = {"it changes a volume", GRANTS["directories"][1]}
    return verdict not in ("same", "intact") and not (verdict == "unverifiable" and reason in volumes)


def main(words):
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory() as work:
        weft = Weft(Path(work))
        wanted = [(name, of) for name, of in examples() if not words or any(word in name for word in words)]
        runs = [(name, run) for name, of in wanted for run in of(weft)]
        total, failed = collections.Counter(), []
        for name, run in runs:
            steps = weft.verify(run)
            counts = collections.Counter(step["verdict"] for step in steps)
            total += counts
            total["outputs"] += sum(step["outputs"] for step in steps if step["verdict"] == "same")
            print(f"{name}: {', '.join(f'{count} {verdict}' for verdict, count in sorted(counts.items())) or 'no step'}")
            for step in steps:
                if step["verdict"] == "unverifiable":
                    print(f"  {step['task']} cannot be verified: {step['reason']}")
                if unexpected(name, step):
                    print(f"  unexpected: {step}")
                    failed.append(name)
        without = sorted({name for name, _ in wanted} - {name for name, _ in runs})
        print(f"refused before they ran, as they are to be, or passed over: {', '.join(without) or 'none'}")
        print(f"{len(runs)} runs of {len(wanted) - len(without)} examples: {total['outputs']} outputs of {total['same']} steps are the same, "
              f"{total['intact']} imports intact, {total['unverifiable']} steps unverifiable by name, {total['different'] + total['failed']} not the same")
        if failed:
            sys.exit(f"error: not as expected: {', '.join(dict.fromkeys(failed))}")


if __name__ == "__main__":
    main(sys.argv[1:])
