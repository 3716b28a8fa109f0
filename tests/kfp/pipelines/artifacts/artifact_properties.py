"""What a function sees of its artifacts: class, `uri`, `path`, `name`, metadata; metadata flows on only where it is set."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component
def produce(first: Output[Dataset], second: Output[Dataset]):
    for artifact in [first, second]:
        with open(artifact.path, 'w') as file:
            # Equal content has one URI, wherever it came from.
            file.write(artifact.name and ('named' if artifact is first else 'other'))
    first.metadata.update({'text': 'a', 'whole': 3, 'real': 0.5, 'flag': True, 'list': [1, 'x'], 'table': {'deep': {'er': 1}}})


@dsl.component
def inspect(first: Input[Dataset], second: Input[Artifact], out: Output[Artifact]) -> str:
    import os
    seen = [type(first).__name__, type(second).__name__, type(out).__name__]
    seen += [str(bool(first.uri)), str(bool(first.name)), str(os.path.isfile(first.path))]
    seen += [str(first.path != second.path), str(os.path.isdir(os.path.dirname(out.path))), str(os.path.exists(out.path))]
    table = sorted((key, value) for key, value in first.metadata.items() if key in {'flag', 'list', 'real', 'table', 'text', 'whole'})
    assert table == [('flag', True), ('list', [1, 'x']), ('real', 0.5), ('table', {'deep': {'er': 1}}), ('text', 'a'), ('whole', 3)], table
    with open(first.path) as file:
        seen.append(file.read())
    return ' '.join(seen) + f" {second.metadata.get('text')}"


@dsl.pipeline(name='artifact-properties')
def pipeline() -> str:
    made = produce()
    return inspect(first=made.outputs['first'], second=made.outputs['second']).outputs['Output']


EXPECT = {
    'outputs': {'Output': 'Dataset Dataset Artifact True True True True True False named None'},
    'compare': True,
}
