"""What `enable_caching=False` at submission writes: the cache is off for the root's tasks alone, and that is told."""

from kfp import dsl


@dsl.component
def make(text: str) -> str:
    return text


@dsl.pipeline(name='caching-submitted')
def pipeline():
    make(text='root')
    with dsl.ParallelFor(['a', 'b']) as item:
        make(text=item)


def amend(spec):
    # As kfp.client writes it: for loops too, of which the compiler says nothing.
    for task in spec['root']['dag']['tasks'].values():
        task['cachingOptions'] = {}


EXPECT = {
    'tasks': {'make': 'COMPLETE'},
    'again': {'make': 'COMPLETE', 'for-loop-2[0]/make-2': 'CACHED'},
    'warnings': ['the cache is off for the pipeline\'s own tasks', '--no-cache'],
    'compare': 'kfp.local has no cache',
}
