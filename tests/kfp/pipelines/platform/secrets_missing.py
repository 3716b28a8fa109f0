"""A secret that is missing is told before anything runs: by the step, the secret, the key and how to give it."""

from kfp import dsl, kubernetes


@dsl.component
def read() -> str:
    import os
    return os.environ['WEFT_TEST_TOKEN']


@dsl.pipeline(name='secrets-missing')
def pipeline(login: str = 'my-login') -> str:
    task = read()
    kubernetes.use_secret_as_env(task, secret_name=login, secret_key_to_env={'token': 'WEFT_TEST_TOKEN'})
    kubernetes.use_config_map_as_volume(task, config_map_name='files', mount_path='/etc/app')
    return task.output


EXPECT = {
    'error': [
        'the step `read` needs the key `token` of the secret `my-login` as the variable WEFT_TEST_TOKEN',
        'the step `read` needs the config map `files` as the directory /etc/app',
        '--secrets DIR',
    ],
    'compare': 'kfp.local has no secrets, and fails in the step',
}
