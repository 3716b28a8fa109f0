"""The workspace: a folder that all tasks of a run share, by its placeholder, alone and inside a string, in functions and commands."""

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.component
def write(workspace: str, text: str) -> str:
    import os
    os.makedirs(os.path.join(workspace, 'notes'), exist_ok=True)
    with open(os.path.join(workspace, 'notes', 'one.txt'), 'w') as file:
        file.write(text)
    return 'written'


@dsl.component
def read(path: str) -> str:
    with open(path) as file:
        return file.read()


@dsl.pipeline(
    name='workspace',
    pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(
        size='2Gi', kubernetes=dsl.KubernetesWorkspaceConfig(
            pvcSpecPatch={'storageClassName': 'fast', 'accessModes': ['ReadWriteMany']}))))
def pipeline(text: str = 'shared') -> str:
    written = write(workspace=dsl.WORKSPACE_PATH_PLACEHOLDER, text=text).set_caching_options(False)
    seen = read(path=f'{dsl.WORKSPACE_PATH_PLACEHOLDER}/notes/one.txt').after(written).set_caching_options(False)
    return seen.output


EXPECT = {
    'outputs': {'Output': 'shared'},
    'compare': True,
}
