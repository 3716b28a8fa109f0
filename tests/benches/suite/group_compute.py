"""The same kernels as a component and natively, one thread each."""

import json

from measure import BENCHES, COMPONENTS, Folder, middle, once

KERNELS = [
    ("matrix-product", 768),
    ("dot-product", 1_000_000),
    ("column-statistics", 500_000),
    ("logistic-regression", 200_000),
    ("boosted-trees", 100_000),
    ("csv-parsing", 200_000),
]
ROUNDS = 5


def measure(report):
    group = "Compute"
    with Folder() as folder:
        for kernel, size in KERNELS:
            lines = ["name: kernel", "steps:"]
            for number in range(ROUNDS):
                after = f", after: [k{number - 1}]" if number else ""
                lines.append(
                    f'  k{number}: {{ component: "{COMPONENTS / "bench.wasm"}#kernel", with: {{ name: {kernel}, size: {size}, seed: {number + 1} }}, limits: {{ memory: 2 GiB }}{after} }}'
                )
            folder.file("p.yaml", "\n".join(lines) + "\n")
            folder.fresh_run("p.yaml")
            record = json.loads(folder.weft("runs", "show", "latest", "--json").output)
            steps = {step["task"]: step for step in record["steps"]}
            ours = middle(steps[f"k{number}"]["duration_us"] / 1e6 for number in range(ROUNDS))
            sums = [steps[f"k{number}"]["outputs"]["sum"]["parameter"] for number in range(ROUNDS)]
            for version in (2, 3):
                program = BENCHES / f"v{version}" / "release" / "kernels"
                told = [once([program, kernel, size, number + 1], folder.path).output.split() for number in range(ROUNDS)]
                native = middle(float(seconds) for _, seconds in told)
                for got, (expected, _) in zip(sums, told):
                    assert abs(got - float(expected)) <= 1e-6 * max(1.0, abs(got)), (kernel, got, expected)
                report.row(group, kernel, ours, "ms", native, f"native x86-64-v{version}")
