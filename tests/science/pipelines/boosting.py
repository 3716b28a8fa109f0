"""The functions of `../functions` over LightGBM and XGBoost."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Input

import answering

answers = dsl.component(packages_to_install=['lightgbm>=4', 'xgboost>=3', 'scikit-learn', 'pandas'])(answering.answers)


@dsl.pipeline(name='boosting')
def pipeline(functions: Input[Artifact]) -> List[Artifact]:
    with dsl.ParallelFor(['lightgbm', 'xgboost']) as library:
        task = answers(functions=functions, library=library)
    return dsl.Collected(task.outputs['results'])
