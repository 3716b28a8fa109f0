"""A package whose wheel says that it is pure, and that holds machine code."""

from kfp import dsl


@dsl.component(packages_to_install=['numpy', 'lying==1.0'])
def use() -> str:
    import lying
    return lying.answer()


@dsl.pipeline(name='lying')
def pipeline() -> str:
    return use().output
