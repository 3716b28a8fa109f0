"""What a function prints: lines, lines without an end, errors, warnings, logging, a thousand lines, unicode; `print` is flushed in order."""

from kfp import dsl


@dsl.component
def talk(times: int) -> str:
    import logging
    import sys
    import warnings
    print('plain line')
    print('no end', end='')
    print(' ... with one')
    print('to stderr', file=sys.stderr)
    sys.stdout.write('written größe 🦭\n')
    warnings.warn('a warning of the function')
    logging.warning('a logged warning')
    for number in range(times):
        print(f'line {number} ' + 'x' * 50)
    return 'done'


@dsl.pipeline(name='output-streams')
def pipeline() -> str:
    return talk(times=1000).output


EXPECT = {
    'outputs': {'Output': 'done'},
    'logs': {'talk': [
        'plain line', 'no end ... with one', 'to stderr', 'written größe 🦭', 'a warning of the function', 'a logged warning', 'line 0 x', 'line 999 x']},
    'compare': True,
}
