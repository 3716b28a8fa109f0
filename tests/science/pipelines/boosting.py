"""The functions of `../functions` over LightGBM and XGBoost."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Input, Output


@dsl.component(packages_to_install=['lightgbm>=4', 'xgboost>=3', 'scikit-learn', 'pandas'])
def answers(functions: Input[Artifact], library: str, results: Output[Artifact]) -> int:
    """What the functions for a library gave, as JSON; how many of them failed."""
    import json
    import sys
    sys.path.insert(0, functions.path)
    import run
    given = run.answers(library)
    with open(results.path, 'w') as file:
        json.dump(given, file, allow_nan=False)
    return sum('error' in answer for answer in given.values())


@dsl.pipeline(name='boosting')
def pipeline(functions: Input[Artifact]) -> List[Artifact]:
    with dsl.ParallelFor(['lightgbm', 'xgboost']) as library:
        task = answers(functions=functions, library=library)
    return dsl.Collected(task.outputs['results'])
