"""Names that are awkward: components with capitals and digits, inputs that are Python's and CEL's words, very long ones, the same name thrice."""

from kfp import dsl


@dsl.component
def Train_Model_V2(in_: str, type: str, inputs: str, size: int) -> str:
    return f'{in_}{type}{inputs}{size}'


@dsl.component
def a_component_with_a_name_that_is_far_longer_than_what_a_label_of_kubernetes_may_hold(a_parameter_that_has_a_name_nearly_as_long_as_its_component: str) -> str:
    return a_parameter_that_has_a_name_nearly_as_long_as_its_component


@dsl.component
def x(x: str) -> str:
    return x


@dsl.pipeline(name='awkward-names-1st-try-v2')
def pipeline(int: str = 'i', size: int = 3, true: str = 't') -> str:
    first = Train_Model_V2(in_='a', type='b', inputs=int, size=size)
    second = a_component_with_a_name_that_is_far_longer_than_what_a_label_of_kubernetes_may_hold(
        a_parameter_that_has_a_name_nearly_as_long_as_its_component=first.output)
    with dsl.If(true == 't'):
        third = x(x=second.output)
    with dsl.Else():
        fourth = x(x='never')
    return x(x=dsl.OneOf(third.output, fourth.output)).output


EXPECT = {
    'outputs': {'Output': 'abi3'},
    'tasks': {'train-model-v2': 'COMPLETE', 'condition-branches-1/condition-2/x': 'COMPLETE', 'x-3': 'COMPLETE'},
    'compare': True,
}
