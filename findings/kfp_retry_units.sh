#!/usr/bin/env bash
# kfp 2.17.3: the unit of `set_retry(backoff_duration=..)` is told by its first letter alone. Half a second becomes thirty thousand, a month a minute, while
# what a duration has everywhere else, two units or a fraction, is refused. Guess: as Go's or ISO 8601's durations, or an error.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages kfp==2.17.3
cat >retry.py <<'PY'
import json, sys
from kfp import compiler, dsl

@dsl.component
def work() -> str:
    return 'x'

def compiled(duration):
    @dsl.pipeline
    def p():
        work().set_retry(1, backoff_duration=duration)
    compiler.Compiler().compile(p, 'p.json')
    return json.load(open('p.json'))['root']['dag']['tasks']['work']['retryPolicy']['backoffDuration']

for duration in sys.argv[1:]:
    try:
        print(duration, '->', compiled(duration), end='; ')
    except Exception as error:
        print(duration, '->', type(error).__name__, end='; ')
PY
expect 'kfp 2.17.3' "$(python -W ignore retry.py 500ms '1 month' 2h 1m30s 1.5h)" \
    '500ms -> 30000s; 1 month -> 60s; 2h -> 7200s; 1m30s -> ValueError; 1.5h -> ValueError; '
