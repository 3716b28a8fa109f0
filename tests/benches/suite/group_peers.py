"""The same chain and fan of steps that do next to nothing, by what people use today: seconds a step, once all is imported and set up."""

import json
from pathlib import Path

from measure import Folder, median, once
from peers import environment
from pipelines import chain, fan

#: Name, requirements, steps of the chain and of the fan; fewer where each takes long.
PEERS = [
    ("processes", [], 50, 50),
    ("luigi", ["luigi==3.8.1"], 200, 200),
    ("kfp_local", ["kfp==2.17.3"], 5, 5),
    ("dagster", ["dagster==1.13.29"], 50, 50),
    ("prefect", ["prefect==3.9.1"], 50, 50),
    ("metaflow", ["metaflow==2.19.39"], 10, 10),
]
#: Those that record what ran.
RECORDING = {"kfp_local", "dagster", "prefect", "metaflow"}


def measure(report):
    group = "Peers"
    with Folder() as folder:
        ours = {}
        for name, make, count in (("chain", chain, 1000), ("fan", fan, 1000)):
            folder.file("p.yaml", make(count))
            ours[name] = median(5, lambda: folder.fresh_run("p.yaml")).wall / count
        for name, requirements, *counts in PEERS:
            python = environment(name, requirements)
            shown = name.replace("_", ".")
            if python is None:
                report.note(group, f"{shown} could not be installed")
                continue
            script = Path(__file__).parent / "peers" / f"{name}.py"
            home = {"HOME": str(folder.path), "PATH": f"{python.parent}:/usr/bin:/bin"}
            for kind, count in zip(("chain", "fan"), counts):
                told = once([python, script, kind, count], folder.path, home).output.splitlines()[-1]
                theirs = json.loads(told)["seconds"] / count
                report.row(group, f"{kind}, a step, whole `weft run`", ours[kind], "us", theirs, shown)
