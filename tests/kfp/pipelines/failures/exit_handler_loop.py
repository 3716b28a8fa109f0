"""A loop over a parameter inside an exit handler, with texts composed of its items: the compiler passes on neither of the two."""

from typing import List

from kfp import dsl


@dsl.component
def work(message: str) -> str:
    print(message)
    return message


@dsl.component
def finish(text: str, status: dsl.PipelineTaskFinalStatus):
    print(text, status.state)


@dsl.pipeline(name='exit-handler-loop')
def pipeline(items: List[str] = ['A', 'B']):
    with dsl.ExitHandler(finish(text='done:')):
        with dsl.ParallelFor(items) as item:
            work(message=f'Processing item: {item}')


EXPECT = {
    'tasks': {'exit-handler-1/for-loop-2[0]/work': 'COMPLETE', 'exit-handler-1/for-loop-2[1]/work': 'COMPLETE', 'finish': 'COMPLETE'},
    'logs': {'exit-handler-1/for-loop-2[1]/work': ['Processing item: B'], 'finish': ['done: COMPLETE']},
    'compare': 'kfp.local does not find what the compiler does not pass on',
}
