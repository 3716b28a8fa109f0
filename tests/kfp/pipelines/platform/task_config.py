"""A task's configuration handed to its function (`TaskConfig`), for what would start other work on the cluster."""

from kfp import dsl, kubernetes


@dsl.component(task_config_passthroughs=[
    dsl.TaskConfigField.RESOURCES,
    dsl.TaskConfigField.KUBERNETES_NODE_SELECTOR,
    dsl.TaskConfigPassthrough(field=dsl.TaskConfigField.ENV, apply_to_task=True),
])
def launch(nodes: int, config: dsl.TaskConfig) -> str:
    import os
    print(config)
    return f"{nodes} {os.environ['MODE']}"


@dsl.pipeline(name='task-config')
def pipeline() -> str:
    task = launch(nodes=2).set_cpu_limit('2').set_memory_limit('4Gi').set_env_variable('MODE', 'fast')
    return task.output


EXPECT = {
    'outputs': {'Output': '2 fast'},
    'logs': {'launch': ['TaskConfig(']},
    'compare': True,
}
