"""Strings that look like something else: numbers, booleans, null, JSON, YAML, shell, quotes, line ends, braces."""

from typing import List

from kfp import dsl


@dsl.component
def same(text: str) -> str:
    return text


@dsl.component
def digest(texts: List[str]) -> str:
    return '|'.join(f'{type(text).__name__}{text!r}' for text in texts)


@dsl.component
def pair(one: str, two: str) -> str:
    return f'{one!r} {two!r}'


@dsl.pipeline(name='awkward-strings')
def pipeline(empty: str = '', one: str = '1', true: str = 'true', null: str = 'null', json: str = '{"a": [1]}') -> str:
    direct = digest(texts=['', '007', '1e3', 'no', 'null', '{}', ' space ', '"$0" $(x) `y` %s', "it's", 'a\n\tb\r\n', '{{x}}', '\\n'])
    with dsl.ParallelFor(['', '1', 'true', 'null', '[1]', '2024-01-01', '~', 'a: b']) as each:
        through = same(text=each)
    gathered = digest(texts=dsl.Collected(through.output))
    given = digest(texts=[empty, one, true, null, json])
    return pair(one=direct.output, two=pair(one=gathered.output, two=given.output).output).output


_direct = '|'.join(f'str{text!r}' for text in [
    '', '007', '1e3', 'no', 'null', '{}', ' space ', '"$0" $(x) `y` %s', "it's", 'a\n\tb\r\n', '{{x}}', '\\n'])
_loop = '|'.join(f'str{text!r}' for text in ['', '1', 'true', 'null', '[1]', '2024-01-01', '~', 'a: b'])
_given = '|'.join(f'str{text!r}' for text in ['', '1', 'true', 'null', '{"a": [1]}'])

EXPECT = {
    'outputs': {'Output': f'{_direct!r} {f"{_loop!r} {_given!r}"!r}'},
    'compare': 'kfp.local pastes a string into the JSON of a list without escaping it',
}
