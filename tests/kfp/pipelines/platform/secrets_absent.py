"""Secrets and config maps that are optional, named by parameters which are not given: the step runs without them."""

from typing import Optional

from kfp import dsl, kubernetes


@dsl.component
def look() -> str:
    import os
    return f"{os.environ.get('PASSWORD')} {os.environ.get('SETTING')} {os.path.exists('/mnt/secret')}"


@dsl.pipeline(name='secrets-absent')
def pipeline(secret: Optional[str] = None, settings: Optional[str] = None) -> str:
    task = look()
    kubernetes.use_secret_as_env(task, secret, {'password': 'PASSWORD'}, optional=True)
    kubernetes.use_secret_as_volume(task, secret, '/mnt/secret', optional=True)
    kubernetes.use_config_map_as_env(task, settings, {'setting': 'SETTING'}, optional=True)
    kubernetes.use_config_map_as_volume(task, settings, '/mnt/settings', optional=True)
    return task.output


EXPECT = {'outputs': {'Output': 'None None False'}, 'compare': 'it mounts nothing'}
