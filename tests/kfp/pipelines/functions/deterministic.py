"""Randomness and time in functions: seeded and virtual, so that the same run twice gives the same; a plausible date all the same."""

from kfp import dsl


@dsl.component
def draw(salt: int) -> str:
    import os
    import random
    import uuid
    values = [random.random(), random.SystemRandom().random(), uuid.uuid4().hex, os.urandom(4).hex()]
    assert len(set(map(str, values))) == 4, values
    return ' '.join(map(str, values))


@dsl.component
def differ(a: str, b: str) -> bool:
    return a != b


@dsl.component
def later() -> bool:
    import time
    start = time.monotonic()
    time.sleep(0.01)
    return time.monotonic() >= start and time.time() >= 0


@dsl.component
def both(a: bool, b: bool) -> bool:
    return a and b


@dsl.pipeline(name='deterministic')
def pipeline() -> bool:
    return both(a=differ(a=draw(salt=1).output, b=draw(salt=2).output).output, b=later().output).output


EXPECT = {
    'outputs': {'Output': True},
    'again': {'draw': 'CACHED', 'draw-2': 'CACHED', 'later': 'CACHED'},
    'compare': True,
}
