"""`If`, `Elif`, `Else`, nested, with `OneOf` of parameters as outputs of the pipeline and as inputs of a task."""

from kfp import dsl


@dsl.component
def say(text: str) -> str:
    print(text)
    return text


@dsl.component
def number(value: int) -> int:
    return value


@dsl.component
def loud(text: str) -> str:
    return text.upper() + '!'


@dsl.pipeline
def name_of(value: int) -> str:
    n = number(value=value)
    with dsl.If(n.output == 0):
        zero = say(text='zero')
    with dsl.Elif(n.output < 0):
        negative = say(text='negative')
    with dsl.Elif(n.output < 10):
        with dsl.If(n.output == 7):
            lucky = say(text='lucky')
        with dsl.Else():
            digit = say(text='digit')
        small = say(text=dsl.OneOf(lucky.output, digit.output))
    with dsl.Else():
        large = say(text='large')
    shout = loud(text=dsl.OneOf(zero.output, negative.output, small.output, large.output))
    return shout.output


@dsl.component
def join(a: str, b: str, c: str, d: str, e: str) -> str:
    return ' '.join([a, b, c, d, e])


@dsl.pipeline(name='if-elif-else')
def pipeline(value: int = 7) -> str:
    return join(
        a=name_of(value=0).output, b=name_of(value=-5).output, c=name_of(value=value).output,
        d=name_of(value=3).output, e=name_of(value=12).output).output


EXPECT = {
    'outputs': {'Output': 'ZERO! NEGATIVE! LUCKY! DIGIT! LARGE!'},
    'tasks': {
        'name-of/condition-branches-1/condition-2/say': 'COMPLETE',
        'name-of/condition-branches-1/condition-3': 'SKIPPED',
        'name-of/condition-branches-1/condition-4': 'SKIPPED',
        'name-of-5/condition-branches-1/condition-8': 'COMPLETE',
    },
    'compare': True,
}
