"""Composes a pipeline of components in WebAssembly with the Kubeflow Pipelines SDK: `compose_penguins.py FOLDER CSV OUT`, where FOLDER
holds what `weft inspect --format kfp` wrote."""

import sys

from kfp import compiler, components, dsl

folder, csv, out = sys.argv[1:]
split, train, evaluate = (components.load_component_from_file(f"{folder}/{name}.yaml") for name in ("split", "train", "evaluate"))


@dsl.component
def describe(accuracy: float, model: dsl.Input[dsl.Model]) -> str:
    return f"{model.metadata.get('framework', 'model')} right in {accuracy:.2%}"


@dsl.pipeline(name="composed-penguins")
def pipeline(seed: int = 7, test_fraction: float = 0.25) -> str:
    data = dsl.importer(artifact_uri=csv, artifact_class=dsl.Dataset)
    parts = split(data=data.output, seed=seed, test_fraction=test_fraction)
    trained = train(
        data=parts.outputs["train"],
        features=["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"],
        regularisation=1.0,
    )
    scores = evaluate(model=trained.outputs["model"], data=parts.outputs["test"])
    with dsl.If(scores.outputs["accuracy"] > 0.9):
        text = describe(accuracy=scores.outputs["accuracy"], model=trained.outputs["model"])
    with dsl.Else():
        other = describe(accuracy=0.0, model=trained.outputs["model"])
    return dsl.OneOf(text.output, other.output)


compiler.Compiler().compile(pipeline, out)
