"""A shell script that calls Python: in pipes and substitutions, on a here-document, in its own folder and environment."""

from kfp import dsl

SCRIPT = r'''
set -e
mkdir -p "$(dirname "$1")" "$(dirname "$2")" work
command -v python3 > /dev/null && pip install --quiet kfp
python -c "import random; print(random.randint($0, $0), end='')" | tee "$1"
cd work
echo 'penguin' > name.txt
export SHOUT='!'
{
    printf '3\n4\n' | python3.12 -c 'import sys; print(sum(map(int, sys.stdin)))'
    echo "$(/usr/bin/python3 -c 'import os; print(open("name.txt").read().strip() + os.environ["SHOUT"], os.getcwd())')"
    python3 - one two <<'END'
import sys
print(sys.argv[1:], file=open("arguments.txt", "w"))
END
    cat arguments.txt
    printf 'first\nsecond\nthird\n' | while read -r line; do python3 -c "print('$line'.upper())"; done
    printf 'one line\nrest\n' | { python3 -c 'import sys; print(sys.stdin.readline(), end="")'; echo done; }
    python3 -c 'import sys; sys.exit(3)' || echo "status $?"
} > "$2"
'''

FAILING = 'echo before; python3 -c "raise ValueError(\'no luck\')"'


@dsl.container_component
def calls(number: int, chosen: dsl.OutputPath(int), said: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image='python:3.12-alpine', command=['sh', '-c', SCRIPT], args=[number, chosen, said])


@dsl.container_component
def fails():
    return dsl.ContainerSpec(image='python:3.12-alpine', command=['sh', '-c', FAILING])


@dsl.pipeline(name='python-in-shell')
def pipeline(number: int = 7) -> str:
    called = calls(number=number)
    with dsl.If(called.outputs['chosen'] == 7):
        fails()
    return called.outputs['said']


EXPECT = {
    'state': 'FAILED',
    'outputs': {
        'Output': "7\npenguin! /work\n['one', 'two']\nFIRST\nSECOND\nTHIRD\none line\ndone\nstatus 3\n",
    },
    'tasks': {'calls': 'COMPLETE', 'condition-1/fails': 'FAILED'},
    'logs': {'condition-1/fails': ['before', 'ValueError: no luck']},
    'compare': 'it needs pip, and a machine whose folder `/work` can be made',
}
