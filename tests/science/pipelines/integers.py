"""Some hundred small expressions over integers, types and floating-point flags, evaluated."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Output


@dsl.component(packages_to_install=['numpy', 'pandas', 'scipy', 'scikit-learn'])
def evaluate(runner: Input[Artifact], expressions: Input[Artifact], results: Output[Artifact]) -> int:
    """What each expression gives, as text, in the order of the file."""
    import json
    import runpy
    run = runpy.run_path(runner.path)
    with open(expressions.path, encoding='utf-8') as file:
        asked = [line for line in file.read().splitlines() if line and not line.startswith(('#', '    '))]
    names = run['names']()
    with open(results.path, 'w') as file:
        json.dump([[expression, run['answer'](expression, dict(names))] for expression in asked], file)
    return len(asked)


@dsl.pipeline(name='integers')
def pipeline(runner: Input[Artifact], expressions: Input[Artifact]) -> Artifact:
    return evaluate(runner=runner, expressions=expressions).outputs['results']
