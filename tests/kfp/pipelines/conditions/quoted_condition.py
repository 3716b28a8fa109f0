"""A condition on a string with a quote, which the compiler writes as it is, so that it is no CEL: refused before the run."""

from kfp import dsl


@dsl.component
def say(text: str):
    print(text)


@dsl.pipeline(name='quoted-condition')
def pipeline(word: str = 'its'):
    with dsl.If(word == "it's"):
        say(text=word)


EXPECT = {
    'error': 'condition',
    'compare': 'kfp.local takes a condition that it cannot read for false',
}
