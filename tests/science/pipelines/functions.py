"""The functions of `../functions`, those for one library in one task each."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Input

import answering

answers = dsl.component(packages_to_install=['numpy', 'pandas', 'scipy', 'scikit-learn', 'statsmodels', 'matplotlib', 'openpyxl'])(answering.answers)


@dsl.pipeline(name='functions')
def pipeline(functions: Input[Artifact]) -> List[Artifact]:
    with dsl.ParallelFor(['numpy', 'pandas', 'scipy', 'sklearn', 'statsmodels', 'matplotlib']) as library:
        task = answers(functions=functions, library=library)
    return dsl.Collected(task.outputs['results'])
