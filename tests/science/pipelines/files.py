"""The files of `../functions/files.py`, as one artifact."""

from typing import List, NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input, Output


@dsl.component(packages_to_install=['numpy', 'pandas', 'scipy', 'scikit-learn', 'statsmodels', 'matplotlib', 'openpyxl'])
def write(functions: Input[Artifact], written: Output[Artifact]) -> List[str]:
    import os
    import sys
    sys.path.insert(0, functions.path)
    import files
    os.makedirs(written.path)
    return files.write_all(written.path)


@dsl.pipeline(name='files')
def pipeline(functions: Input[Artifact]) -> NamedTuple('Outputs', names=List[str], written=Artifact):
    task = write(functions=functions)
    return NamedTuple('Outputs', names=List[str], written=Artifact)(names=task.outputs['Output'], written=task.outputs['written'])
