"""Container components with plain commands: `echo`, command and arguments apart, arguments alone, several types of parameters."""

from kfp import dsl


@dsl.container_component
def hello():
    return dsl.ContainerSpec(image='alpine:3.20', command=['echo'], args=['hello'])


@dsl.container_component
def say(text: str, number: int, real: float, flag: bool, items: list, table: dict):
    return dsl.ContainerSpec(image='alpine', command=['echo', text, number], args=[real, flag, items, table])


@dsl.container_component
def print_args(text: str):
    return dsl.ContainerSpec(image='busybox', command=['/bin/echo', '-n', f'<{text}>', 'two words'])


@dsl.pipeline(name='echo')
def pipeline(text: str = 'some text', number: int = 3):
    hello()
    say(text=text, number=number, real=2.0, flag=True, items=[1, 'a'], table={'k': 0.5})
    print_args(text=text)


EXPECT = {
    'arguments': {'number': 1000000},
    'tasks': {'hello': 'COMPLETE', 'say': 'COMPLETE', 'print-args': 'COMPLETE'},
    'logs': {
        'hello': ['hello'], 'say': ['some text 1000000 2 true [1,"a"] {"k":0.5}'], 'print-args': ['<some text> two words'],
    },
    'compare': 'kfp.local writes lists and structs as Python does',
}
