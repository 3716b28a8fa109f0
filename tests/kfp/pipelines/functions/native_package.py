"""A package that needs native code: refused by name before the run starts."""

from kfp import dsl


@dsl.component(packages_to_install=['pyyaml-include==2.1', 'numpy>=1.26', 'scikit-learn==1.5.0'])
def fit() -> float:
    import numpy
    return float(numpy.mean([1, 2]))


@dsl.component
def before():
    print('never')


@dsl.pipeline(name='native-package')
def pipeline():
    fit().after(before())


EXPECT = {
    'error': 'numpy',
    'compare': 'it would fetch packages',
}
