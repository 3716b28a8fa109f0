"""How a function says what is installed: not the SDK, other indexes, a virtual environment, another base image, another SDK's place."""

from kfp import dsl


@dsl.component(base_image='registry.example.com/python:3.11-with-kfp', install_kfp_package=False)
def bare() -> str:
    return 'bare'


@dsl.component(pip_index_urls=['https://pypi.example.com/simple', 'https://other.example.com/simple'], pip_trusted_hosts=['pypi.example.com'])
def indexed() -> str:
    return 'indexed'


@dsl.component(use_venv=True)
def apart() -> str:
    return 'apart'


@dsl.component(kfp_package_path='git+https://github.com/kubeflow/pipelines.git@master#subdirectory=sdk/python')
def placed() -> str:
    return 'placed'


@dsl.component
def join(a: str, b: str, c: str, d: str) -> str:
    return ' '.join([a, b, c, d])


@dsl.pipeline(name='install-options')
def pipeline() -> str:
    return join(a=bare().output, b=indexed().output, c=apart().output, d=placed().output).output


EXPECT = {
    'outputs': {'Output': 'bare indexed apart placed'},
    'compare': True,
}
