"""Secrets and config maps out of a folder: as variables, as files, named by a parameter and by a task, in a loop; what a step prints of them is hidden."""

from kfp import dsl, kubernetes


@dsl.component
def name() -> str:
    return 'by-task'


@dsl.component
def read(prefix: str) -> str:
    import os
    token = os.environ['TOKEN']
    print('the token is ' + token + ' or so')
    files = {path: open(os.path.join('/etc/app', path)).read() for path in sorted(os.listdir('/etc/app'))}
    try:
        open('/etc/app/new', 'w')
        written = 'written'
    except OSError:
        written = 'read only'
    return f"{prefix} {len(token)} {token[:3]} {os.environ['LEVEL']} {files} {written}"


@dsl.container_component
def shell(text: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'cat /keys/id > "$0"; echo "$USER_NAME" >> "$0"'], args=[text])


@dsl.component
def join(one: str, two: str) -> str:
    return one + '|' + two


@dsl.pipeline
def inner(login: str) -> str:
    task = read(prefix='inner')
    kubernetes.use_secret_as_env(task, secret_name=login, secret_key_to_env={'token': 'TOKEN'})
    kubernetes.use_config_map_as_env(task, config_map_name='settings', config_map_key_to_env={'log.level': 'LEVEL'})
    kubernetes.use_config_map_as_volume(task, config_map_name='files', mount_path='/etc/app')
    return task.output


@dsl.pipeline(name='secrets-given')
def pipeline(login: str = 'my-login') -> str:
    one = inner(login=login)
    named = name()
    two = shell().after(one)
    kubernetes.use_secret_as_volume(two, secret_name=named.output, mount_path='/keys')
    kubernetes.use_secret_as_env(two, secret_name='my-login', secret_key_to_env={'user': 'USER_NAME'})
    return join(one=one.output, two=two.outputs['text']).output


EXPECT = {
    'files': {
        'given/my-login/token': 'tok-123456',
        'given/my-login/user': 'penguin',
        'given/settings/log.level': 'debug',
        'given/files/a.yaml': 'a: 1',
        'given/files/b.txt': 'b',
        'given/by-task/id': 'the-key ',
    },
    'options': ['--secrets', 'work/given'],
    'outputs': {'Output': "inner 10 tok debug {'a.yaml': 'a: 1', 'b.txt': 'b'} read only|the-key penguin\n"},
    'logs': {'inner/read': 'the token is *** or so'},
    'again': {'inner/read': 'CACHED', 'shell': 'CACHED'},
    'compare': 'kfp.local has no secrets',
}
