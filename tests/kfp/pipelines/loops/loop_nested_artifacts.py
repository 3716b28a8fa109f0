"""Artifacts collected from loops in loops: one flat list, in order, for lists of artifacts have no lists inside."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def cell(row: str, column: int, data: Output[Dataset]):
    data.metadata['cell'] = f'{row}{column}'
    with open(data.path, 'w') as file:
        file.write(f'{row}-{column}')


@dsl.component
def names(cells: Input[List[Dataset]]) -> str:
    return ' '.join(f"{cell.metadata['cell']}={open(cell.path).read()}" for cell in cells)


@dsl.pipeline(name='loop-nested-artifacts')
def pipeline() -> str:
    with dsl.ParallelFor(['a', 'b']) as row:
        with dsl.ParallelFor([1, 2]) as column:
            made = cell(row=row, column=column)
    return names(cells=dsl.Collected(made.outputs['data'])).output


EXPECT = {
    'outputs': {'Output': 'a1=a-1 a2=a-2 b1=b-1 b2=b-2'},
    'compare': 'kfp.local makes lists of lists of artifacts, which no function takes',
}
