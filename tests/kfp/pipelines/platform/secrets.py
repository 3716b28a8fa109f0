"""Secrets and config maps as environment variables and as files that may be missing, and are: empty directories, variables that are not set."""

from kfp import dsl, kubernetes


@dsl.component
def read() -> str:
    import os
    return ' '.join([os.environ.get('PASSWORD', 'no password'), os.environ.get('LEVEL', 'no level'), str(os.path.exists('/secret/token'))])


@dsl.pipeline(name='secrets')
def pipeline(secret: str = 'from-a-parameter') -> str:
    task = read()
    kubernetes.use_secret_as_env(task, secret_name='my-login', secret_key_to_env={'password': 'PASSWORD'}, optional=True)
    kubernetes.use_secret_as_volume(task, secret_name=secret, mount_path='/secret', optional=True)
    kubernetes.use_config_map_as_env(task, config_map_name='my-settings', config_map_key_to_env={'level': 'LEVEL'}, optional=True)
    kubernetes.use_config_map_as_volume(task, config_map_name='my-files', mount_path='/settings', optional=True)
    return task.output


EXPECT = {
    'outputs': {'Output': 'no password no level False'},
    'again': {'read': 'CACHED'},
    'compare': True,
}
