"""A string of 100 kB as an argument, as a constant and as an output."""

from kfp import dsl


@dsl.component
def double(text: str) -> str:
    return text + text


@dsl.component
def measure(text: str, constant: str) -> str:
    import hashlib
    return f'{len(text)} {len(constant)} {hashlib.sha256(text.encode()).hexdigest()[:16]}'


@dsl.pipeline(name='huge-parameter')
def pipeline(text: str) -> str:
    return measure(text=double(text=text).output, constant='0123456789' * 10240).output


EXPECT = {
    'arguments': {'text': 'abcdefghijklmnopqrstuvwxyz \n"\'\\$' * 3200},
    'outputs': {'Output': '204800 102400 e905be1aa696678e'},
    'compare': 'kfp.local passes it on the command line, which takes no more than 128 kB',
}
