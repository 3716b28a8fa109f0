"""A text that is not Unicode, as of a file's name with other bytes in it: it is told which output holds it, and where."""

from kfp import dsl


@dsl.component
def name() -> str:
    return b'caf\xe9'.decode('utf-8', 'surrogateescape')


@dsl.pipeline(name='lone-surrogate')
def pipeline() -> str:
    return name().output


EXPECT = {
    'state': 'FAILED',
    'error': ['its output `Output` cannot be kept: its text is not Unicode: after "caf" stands `\\udce9`', 'with their encoding'],
    'tasks': {'name': 'FAILED'},
    'compare': 'kfp.local cannot write it either, and says less',
}
