"""Display names of the pipeline, of tasks, of groups; a pipeline root; a description."""

from kfp import dsl


@dsl.component
def work(text: str) -> str:
    print(text)
    return text


@dsl.pipeline(
    name='display-names', display_name='Display: names & more', description='First line.\n\nSecond "line".',
    pipeline_root='gs://some-bucket/root')
def pipeline(text: str = 'x') -> str:
    """Docstring."""
    named = work(text=text).set_display_name('Work on x (first)')
    with dsl.If(named.output == 'x', name='Is it x?'):
        with dsl.ParallelFor([1, 2], name='Each number'):
            work(text='inside').set_display_name('Work on x (first)')
    return named.output


EXPECT = {
    'outputs': {'Output': 'x'},
    'tasks': {'work': 'COMPLETE', 'condition-1/for-loop-3[1]/work-2': 'COMPLETE'},
    'compare': True,
}
