"""An importer of a directory, by a `file:` URI."""

from kfp import dsl
from kfp.dsl import Artifact, Input


@dsl.component
def names(data: Input[Artifact]) -> str:
    import os
    found = sorted(os.path.relpath(os.path.join(folder, name), data.path) for folder, _, files in os.walk(data.path) for name in files)
    with open(os.path.join(data.path, 'b', 'two.txt')) as file:
        return ' '.join(found) + ' ' + file.read()


@dsl.pipeline(name='import-directory')
def pipeline(uri: str = 'file://{workdir}/folder') -> str:
    return names(data=dsl.importer(artifact_uri=uri, artifact_class=Artifact).output).output


EXPECT = {
    'files': {'folder/a.txt': 'one', 'folder/b/two.txt': 'größer', 'other.txt': ''},
    'outputs': {'Output': 'a.txt b/two.txt größer'},
    'compare': 'kfp.local takes a file: URI for a path',
}
