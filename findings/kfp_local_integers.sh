#!/usr/bin/env bash
# kfp 2.17.3: `kfp.local` hands the integers of a list or dictionary over as floats, so that `def total(xs: List[int]) -> int: return sum(xs)` fails for its return type when it is called
# with [1, 2], and an item cannot be an index. Where the parameter is itself an `int`, it stays one. Guess: [1, 2] arrives as [1, 2].
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages kfp==2.17.3
cat >integers.py <<'PY'
from typing import List
from kfp import dsl, local

local.init(runner=local.SubprocessRunner(use_venv=False))

@dsl.component
def seen(x: int, xs: List[int], table: dict) -> str:
    return f'{x} {xs} {table}'

@dsl.component
def total(xs: List[int]) -> int:
    return sum(xs)

print('seen:', seen(x=1, xs=[1, 2], table={'a': 1}).output)
try:
    print('total:', total(xs=[1, 2]).output)
except RuntimeError:
    print('total: failed')
PY
python -W ignore integers.py >out.txt
expect 'kfp 2.17.3' "$(grep -E '^(seen|total)' out.txt | tr '\n' ';')" "seen: 1 [1.0, 2.0] {'a': 1.0};total: failed;"
expect 'why it failed' "$(grep -c "returned value of type <class 'float'>; want type <class 'int'>" out.txt)" 1
