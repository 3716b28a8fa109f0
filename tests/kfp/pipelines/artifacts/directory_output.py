"""A directory as an output of the whole pipeline."""

from kfp import dsl
from kfp.dsl import Model, Output


@dsl.component
def save(model: Output[Model]):
    import json
    import pathlib
    folder = pathlib.Path(model.path)
    (folder / 'variables').mkdir(parents=True)
    (folder / 'saved_model.json').write_text(json.dumps({'layers': 2}))
    (folder / 'variables' / 'weights.txt').write_text('0.5 0.25')
    model.metadata['format'] = 'folder'


@dsl.pipeline(name='directory-output')
def pipeline() -> Model:
    return save().outputs['model']


EXPECT = {
    'artifacts': {'Output': {
        'type': 'system.Model', 'metadata': {'format': 'folder'},
        # A directory: what each of its files holds.
        'text': {'saved_model.json': '{"layers": 2}', 'variables/weights.txt': '0.5 0.25'},
    }},
    'compare': True,
}
