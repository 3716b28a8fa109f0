#!/usr/bin/env bash
# cachew 0.21.20250823's cache turns NaN and infinities of floats into None: the first call of a function hands out NaN, inf and 1.5, and the second, from
# the cache, None, None and 1.5; so too in dictionaries and classes, though the annotations ask for floats. Whole programs work the first time and fail the
# second, or take a missing number for a null. Guess: what comes from the cache is what was put in.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages cachew==0.21.20250823 orjson==3.13.0
cat >floats.py <<'PY'
from dataclasses import dataclass
from typing import Dict, Iterator

from cachew import cachew

inf, nan = float('inf'), float('nan')


@dataclass
class Score:
    name: str
    loss: float


@cachew('floats')
def floats() -> Iterator[float]:
    yield from (nan, inf, 1.5)


@cachew('dictionaries')
def dictionaries() -> Iterator[Dict[str, float]]:
    yield {'loss': nan, 'best': -inf}


@cachew('classes')
def classes() -> Iterator[Score]:
    yield Score('first', nan)


for function in (floats, dictionaries, classes):
    print(*function(), '|', *function())
PY
python -W ignore floats.py 2>/dev/null >seen
expect 'first and second call' "$(cat seen)" "nan inf 1.5 | None None 1.5
{'loss': nan, 'best': -inf} | {'loss': None, 'best': None}
Score(name='first', loss=nan) | Score(name='first', loss=None)"
