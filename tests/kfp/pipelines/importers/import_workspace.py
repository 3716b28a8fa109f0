"""An importer that puts its artifact into the run's workspace."""

from kfp import dsl
from kfp.dsl import Dataset, Input


@dsl.component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return file.read()


@dsl.pipeline(
    name='import-workspace',
    pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size='1Gi')))
def pipeline(uri: str) -> str:
    data = dsl.importer(artifact_uri=uri, artifact_class=Dataset, download_to_workspace=True)
    return read(data=data.output).output


EXPECT = {
    'files': {'rows.csv': 'some rows'},
    'arguments': {'uri': '{workdir}/rows.csv'},
    'outputs': {'Output': 'some rows'},
    'compare': True,
}
