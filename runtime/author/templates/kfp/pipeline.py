"""The pipeline {{name}}: ordinary functions for Kubeflow Pipelines.

`python3 pipeline.py` compiles it to pipeline.yaml, which runs in weft as on a cluster.
"""

from pathlib import Path

from kfp import compiler, dsl


@dsl.component(base_image="python:3.12", packages_to_install=["pandas==3.0.6"])
def select(table: dsl.Input[dsl.Dataset], column: str, minimum: float, selected: dsl.Output[dsl.Dataset]) -> int:
    """Keeps the rows in which a column has at least this value; returns how many."""
    import pandas as pd

    rows = pd.read_csv(table.path)
    kept = rows[rows[column] >= minimum]
    kept.to_csv(selected.path, index=False)
    return len(kept)


@dsl.component(base_image="python:3.12", packages_to_install=["pandas==3.0.6"])
def summarise(table: dsl.Input[dsl.Dataset], metrics: dsl.Output[dsl.Metrics]):
    """The mean of each column that holds numbers."""
    import pandas as pd

    for name, mean in pd.read_csv(table.path).mean(numeric_only=True).items():
        metrics.log_metric(f"mean_{name}", float(mean))


@dsl.pipeline(name="{{name}}")
def pipeline(table: dsl.Input[dsl.Dataset], column: str = "height", minimum: float = 40.0) -> int:
    selection = select(table=table, column=column, minimum=minimum)
    summarise(table=selection.outputs["selected"])
    return selection.outputs["Output"]


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, str(Path(__file__).with_suffix(".yaml")))
