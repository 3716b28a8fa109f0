"""Helper functions sent along with a function (`additional_funcs`), one calling another; helpers defined inside."""

from typing import List

from kfp import dsl


def square(number: int) -> int:
    return number * number


def sum_of_squares(numbers: List[int]) -> int:
    return sum(square(number) for number in numbers)


@dsl.component(additional_funcs=[square, sum_of_squares])
def work(numbers: List[int]) -> int:
    def half(number):
        return number // 2

    return half(sum_of_squares([int(number) for number in numbers]))


@dsl.pipeline(name='additional-functions')
def pipeline(numbers: List[int] = [1, 2, 3]) -> int:
    return work(numbers=numbers).output


EXPECT = {
    'outputs': {'Output': 7},
    'compare': True,
}
