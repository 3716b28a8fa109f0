"""The tabular job: a CSV of 100,000 rows by ten columns and a label, split, logistic regression by 50 steps over all rows, evaluation."""

import sys

from measure import BENCHES, COMPONENTS, Folder, median, once
from peers import environment

NUMPY = """
import io, sys, time
import numpy as np
started = time.perf_counter()
rows = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
test = np.arange(len(rows)) % 4 == 3
train, test = rows[~test], rows[test]
x, y = np.c_[train[:, :10], np.ones(len(train))], train[:, 10]
w = np.zeros(11)
for _ in range(50):
    w -= x.T @ (1 / (1 + np.exp(-(x @ w))) - y) / len(y)
right = ((np.c_[test[:, :10], np.ones(len(test))] @ w > 0) == (test[:, 10] > 0.5)).mean()
print(right, time.perf_counter() - started)
"""


def measure(report):
    group = "Tabular job"
    bench = COMPONENTS / "bench.wasm"
    native = BENCHES / "v2" / "release" / "kernels"
    with Folder() as folder:
        once([native, "table", 100_000, "table.csv"], folder.path)
        folder.file(
            "p.yaml",
            f'name: job\ninputs: {{ table: dataset }}\nsteps:\n  split: {{ component: "{bench}#split", with: {{ table: "${{inputs.table}}" }} }}\n'
            f'  fit: {{ component: "{bench}#fit", with: {{ train: "${{split.train}}" }} }}\n'
            f'  evaluate: {{ component: "{bench}#evaluate", with: {{ test: "${{split.test}}", model: "${{fit.model}}" }} }}\n'
            "outputs:\n  accuracy: ${evaluate.accuracy}\n",
        )
        folder.fresh_run("p.yaml", "-w", "table=table.csv")
        ours = median(5, lambda: folder.fresh_run("p.yaml", "-w", "table=table.csv"))
        rust = median(5, lambda: once([native, "job", "table.csv"], folder.path))
        report.row(group, "`weft run`, whole process, recorded", ours.wall, "ms", rust.wall, "native Rust program")
        python = environment("numpy", ["numpy==2.3.5"])
        if python is None:
            report.note(group, "numpy could not be installed")
            return
        program = folder.file("job.py", NUMPY)
        numpy = median(5, lambda: once([python, program, "table.csv"], folder.path, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}))
        report.row(group, "`weft run`, whole process, recorded", ours.wall, "ms", numpy.wall, "Python with numpy, whole process")
