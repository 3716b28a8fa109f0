"""Fields that no version of the format has: a warning each, by name, and the pipeline runs."""

from kfp import dsl


@dsl.component
def work() -> str:
    return 'worked'


@dsl.pipeline(name='unknown-fields')
def pipeline() -> str:
    return work().output


def amend(spec):
    spec['somethingNew'] = {'a': 1}
    spec['root']['dag']['tasks']['work']['colour'] = 'blue'
    spec['deploymentSpec']['executors']['exec-work']['container']['turboMode'] = True


EXPECT = {
    'outputs': {'Output': 'worked'},
    'warnings': ['somethingNew', 'colour', 'turboMode'],
    'compare': True,
}
