"""A pipeline compiled to a package and loaded again from its text, used as a component."""

import os
import tempfile

from kfp import compiler, components, dsl


@dsl.component
def power(base: int, exponent: int = 2) -> int:
    return base ** exponent


@dsl.pipeline(name='powers')
def powers(base: int, exponent: int = 3) -> int:
    return power(base=power(base=base).output, exponent=exponent).output


def reloaded(component):
    with tempfile.TemporaryDirectory() as folder:
        package = os.path.join(folder, 'package.yaml')
        compiler.Compiler().compile(component, package)
        with open(package, encoding='utf-8') as file:
            return components.load_component_from_text(file.read())


loaded_powers = reloaded(powers)
loaded_power = reloaded(power)


@dsl.pipeline(name='loaded-pipeline')
def pipeline(base: int = 2) -> int:
    return loaded_power(base=loaded_powers(base=base).output, exponent=1).output


EXPECT = {
    'outputs': {'Output': 64},
    'tasks': {'powers/power': 'COMPLETE', 'powers/power-2': 'COMPLETE', 'power': 'COMPLETE'},
    'compare': True,
}
