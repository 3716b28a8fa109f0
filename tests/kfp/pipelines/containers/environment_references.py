"""Variables that refer to others in the environment and in the command (`$(NAME)`), with `$$` to escape."""

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.container_component
def show(out: OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-c', 'printf "%s|" "$FULL" "$LITERAL" "$@" > "$0"'],
        args=[out, '$(FULL)', '$$(FULL)', '$(UNKNOWN)'])


@dsl.pipeline(name='environment-references')
def pipeline() -> str:
    task = show()
    task.set_env_variable('FIRST', 'a').set_env_variable('FULL', '$(FIRST)-b').set_env_variable('LITERAL', '$$(FIRST)')
    return task.outputs['out']


EXPECT = {
    'outputs': {'Output': 'a-b|$(FIRST)|a-b|$(FULL)|$(UNKNOWN)|'},
    'compare': 'kfp.local does not follow references between variables',
}
