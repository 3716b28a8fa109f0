"""Pages: `HTML` and `Markdown` artifacts, and a plain `Artifact`."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import HTML, Artifact, Input, Markdown, Output


@dsl.component
def render(title: str, page: Output[HTML], notes: Output[Markdown], raw: Output[Artifact]):
    with open(page.path, 'w') as file:
        file.write(f'<!doctype html><h1>{title}</h1>')
    with open(notes.path, 'w') as file:
        file.write(f'# {title}\n\n- one\n- two\n')
    with open(raw.path, 'wb') as file:
        file.write(bytes(range(32, 127)))
    raw.metadata['encoding'] = 'ascii'


@dsl.component
def size(page: Input[HTML], notes: Input[Markdown], raw: Input[Artifact]) -> int:
    import os
    return sum(os.path.getsize(artifact.path) for artifact in [page, notes, raw])


@dsl.pipeline(name='html-markdown')
def pipeline(title: str = 'Report') -> NamedTuple('Outputs', size=int, page=HTML, notes=Markdown, raw=Artifact):
    made = render(title=title)
    total = size(page=made.outputs['page'], notes=made.outputs['notes'], raw=made.outputs['raw'])
    outputs = NamedTuple('Outputs', size=int, page=HTML, notes=Markdown, raw=Artifact)
    return outputs(size=total.output, page=made.outputs['page'], notes=made.outputs['notes'], raw=made.outputs['raw'])


_page = '<!doctype html><h1>Report</h1>'
_notes = '# Report\n\n- one\n- two\n'
_raw = bytes(range(32, 127)).decode()

EXPECT = {
    'outputs': {'size': len(_page) + len(_notes) + len(_raw)},
    'artifacts': {
        'page': {'type': 'system.HTML', 'text': _page, 'metadata': {}},
        'notes': {'type': 'system.Markdown', 'text': _notes, 'metadata': {}},
        'raw': {'type': 'system.Artifact', 'text': _raw, 'metadata': {'encoding': 'ascii'}},
    },
    'compare': True,
}
