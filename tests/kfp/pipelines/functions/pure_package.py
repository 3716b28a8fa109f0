"""Pure-Python packages that are not vendored: the error before the run says which command fetches them."""

from kfp import dsl


@dsl.component(packages_to_install=['tabulate==0.9.0', 'humanize'])
def table() -> str:
    import tabulate
    return tabulate.tabulate([[1, 2]])


@dsl.pipeline(name='pure-package')
def pipeline() -> str:
    return table().output


EXPECT = {
    # Vendored, it runs; the test for that fetches them first.
    'error': 'tabulate',
    'compare': 'it would fetch packages',
}
