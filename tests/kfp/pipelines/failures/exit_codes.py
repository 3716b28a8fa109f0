"""Functions that end the process: `sys.exit` with 0, with a number, with a message; exceptions of their own."""

from kfp import dsl


@dsl.component
def leave(code: int):
    import sys
    print(f'leaving with {code}')
    sys.exit(code)


@dsl.component
def complain():
    import sys
    sys.exit('nothing to be done')


@dsl.component
def chain():
    class Trouble(Exception):
        pass

    try:
        {}['key']
    except KeyError as error:
        raise Trouble('größer') from error


@dsl.pipeline(name='exit-codes')
def pipeline():
    leave(code=0)
    leave(code=3)
    complain()
    chain()


EXPECT = {
    'state': 'FAILED',
    'tasks': {'leave': 'COMPLETE', 'leave-2': 'FAILED', 'complain': 'FAILED', 'chain': 'FAILED'},
    'logs': {
        'leave': ['leaving with 0'], 'leave-2': ['leaving with 3'], 'complain': ['nothing to be done'],
        'chain': ["KeyError: 'key'", 'Trouble: größer'],
    },
    'compare': 'kfp.local gives up at the first failure where there is no control flow',
}
