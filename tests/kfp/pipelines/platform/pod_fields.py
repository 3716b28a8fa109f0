"""Fields of the pod as environment variables; labels that a task reads again; a field that is nothing here is empty."""

from kfp import dsl, kubernetes


@dsl.component
def read() -> str:
    import os
    return f"{os.environ.get('TEAM', '')}|{bool(os.environ.get('POD', ''))}|{os.environ.get('NONE', '')}"


@dsl.pipeline(name='pod-fields')
def pipeline() -> str:
    task = read()
    kubernetes.add_pod_label(task, label_key='team', label_value='ml')
    kubernetes.use_field_path_as_env(task, env_name='TEAM', field_path="metadata.labels['team']")
    kubernetes.use_field_path_as_env(task, env_name='NONE', field_path="metadata.annotations['nothing']")
    return task.output


EXPECT = {
    'outputs': {'Output': 'ml|False|'},
    'compare': 'kfp.local has no pods',
}
