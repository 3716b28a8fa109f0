"""Pipelines of trivial steps, as texts."""

from measure import COMPONENTS

ADD = f"{COMPONENTS / 'trivial.wasm'}#add"


def chain(steps):
    """`add` after `add`, each on the sum before it."""
    lines = ["name: chain", "steps:", f'  s0: {{ component: "{ADD}", with: {{ a: 0, b: 1 }} }}']
    lines += [f'  s{n}: {{ component: "{ADD}", with: {{ a: "${{s{n - 1}}}", b: 1 }} }}' for n in range(1, steps)]
    return "\n".join(lines) + "\n"


def fan(steps):
    """Steps that do not depend on each other."""
    return "\n".join(["name: fan", "steps:", *(f'  s{n}: {{ component: "{ADD}", with: {{ a: {n}, b: 1 }} }}' for n in range(steps))]) + "\n"
