"""A package that needs native code: refused by name before the run starts."""

from kfp import dsl


@dsl.component(packages_to_install=['pyyaml-include==2.1', 'catboost>=1', 'scikit-learn==1.5.0'])
def fit() -> float:
    import catboost
    return float(catboost.__version__[0])


@dsl.component
def before():
    print('never')


@dsl.pipeline(name='native-package')
def pipeline():
    fit().after(before())


EXPECT = {
    'error': 'catboost',
    'compare': 'it would fetch packages',
}
