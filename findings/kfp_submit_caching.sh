#!/usr/bin/env bash
# kfp 2.17.3: `enable_caching=False` at submission turns caching off for the tasks at the top of the pipeline only: those in conditions and loops keep it. The task that stands for
# a loop, which had no caching options at all, gets some. Guess: off for all tasks.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages kfp==2.17.3
cat >submit.py <<'PY'
from google.protobuf import json_format
from kfp import compiler, dsl
from kfp.client import client

@dsl.component
def work(x: str) -> str:
    return x

@dsl.pipeline
def p():
    work(x='top')
    with dsl.ParallelFor(['a', 'b']) as item:
        work(x=item)

compiler.Compiler().compile(p, 'p.yaml')
# As `create_run_from_pipeline_package(.., enable_caching=False)` does.
spec = client._extract_pipeline_yaml('p.yaml').pipeline_spec
client._override_caching_options(spec, False)
document = json_format.MessageToDict(spec)
tasks = document['root']['dag']['tasks']
inner = document['components']['comp-for-loop-2']['dag']['tasks']
for name, task in [*sorted(tasks.items()), *(('in the loop ' + name, task) for name, task in inner.items())]:
    print(name, task.get('cachingOptions'), end='; ')
PY
expect 'kfp 2.17.3' "$(python -W ignore submit.py)" \
    "for-loop-2 {}; work {}; in the loop work-2 {'enableCache': True}; "
