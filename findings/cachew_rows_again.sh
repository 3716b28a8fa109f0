#!/usr/bin/env bash
# cachew 0.21.20250823 hands the first rows of a function out twice, where a later one cannot be written into the cache: of 1, 2, 2**70 and 4 come 1, 2,
# 2**70, 1, 2, 2**70 and 4, as it calls the function anew and leaves what it has handed out before. So it does with dictionaries whose keys are integers,
# and where the function itself fails in its midst. An error is logged, as of a cache that could not be set up. Guess: the rows once, written or not.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages cachew==0.21.20250823 orjson==3.13.0
cat >rows.py <<'PY'
import logging
from typing import Dict, Iterator

from cachew import cachew

logging.disable(logging.CRITICAL)


@cachew('numbers')
def numbers(asked) -> Iterator[int]:
    yield from asked


@cachew('keys')
def keys(asked) -> Iterator[Dict[int, str]]:
    yield from asked


@cachew('failing')
def failing(asked) -> Iterator[int]:
    yield from asked
    raise RuntimeError('the server has gone')


print(*numbers([1, 2, 4]))
print(*numbers([1, 2, 2**70, 4]), '|', *numbers([1, 2, 2**70, 4]))
print(*keys([{1: 'a'}, {2: 'b'}]))
try:
    for number in failing([1, 2]):
        print(number, end=' ')
except RuntimeError as error:
    print(error)
PY
python -W ignore rows.py 2>/dev/null >seen
expect 'that can be written' "$(sed -n 1p seen)" '1 2 4'
twice='1 2 1180591620717411303424 1 2 1180591620717411303424 4'
expect 'too great, and again' "$(sed -n 2p seen)" "$twice | $twice"
expect 'keys that are integers' "$(sed -n 3p seen)" "{1: 'a'} {1: 'a'} {2: 'b'}"
expect 'a function that fails' "$(sed -n 4p seen)" '1 2 1 2 the server has gone'
