#!/usr/bin/env bash
# Prefect 3.9.1 keys the cache of a task's results by its inputs as JSON, and so by what JSON shows of them: two accounts whose tokens are pydantic's `SecretStr` have one key
# ('**********'), as have models that differ in a field that is left out of dumps, times that differ by less than a microsecond, and dictionaries with the
# keys 1 and '1'. What was computed for the one is handed out for the other. NumPy numbers and arrays, 1, 1.0 and True have keys of their own.
# Guess: inputs that the task can tell apart have other keys.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages prefect==3.9.1 pandas==3.1.1 numpy==2.4.6
cat >keys.py <<'PY'
import numpy as np
import pandas as pd
from prefect.cache_policies import INPUTS
from pydantic import BaseModel, Field, SecretStr


class Account(BaseModel):
    token: SecretStr


class Model(BaseModel):
    name: str
    seed: int = Field(exclude=True)


def key(value):
    return INPUTS.compute_key(task_ctx=None, inputs={'input': value}, flow_parameters={})


time = pd.Timestamp('2024-01-01')
for name, one, other in (
    ('tokens', Account(token='alice'), Account(token='bob')),
    ('seeds', Model(name='a', seed=1), Model(name='a', seed=2)),
    ('times', time, time + pd.Timedelta(1, 'ns')),
    ('dictionaries', {1: 'a'}, {'1': 'a'}),
    ('shapes', np.zeros((2, 3)), np.zeros((3, 2))),
    ('numbers', 1, True),
):
    print(name, key(one) == key(other), end='; ')
PY
expect 'same key' "$(PREFECT_HOME=$FOLDER python -W ignore keys.py)" 'tokens True; seeds True; times True; dictionaries True; shapes False; numbers False; '
