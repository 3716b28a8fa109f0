"""The schema's older version 2.0.0, with the deprecated fields for limits, reads as well."""

from kfp import dsl


@dsl.component
def work(text: str, count: int = 2) -> str:
    return text * count


@dsl.pipeline(name='old-schema')
def pipeline(text: str = 'ab') -> str:
    return work(text=text).output


def amend(spec):
    spec['schemaVersion'] = '2.0.0'
    spec['sdkVersion'] = 'kfp-1.8.22'
    spec['deploymentSpec']['executors']['exec-work']['container']['resources'] = {
        'cpuLimit': 1.0, 'memoryLimit': 1.0, 'cpuRequest': 0.5, 'memoryRequest': 0.25}


EXPECT = {
    'outputs': {'Output': 'abab'},
    'compare': True,
}
