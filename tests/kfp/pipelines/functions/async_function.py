"""Coroutines inside a function: an event loop that waits for nothing from outside."""

from kfp import dsl


@dsl.component
def concurrent() -> int:
    import asyncio

    async def work(number):
        await asyncio.sleep(0)
        return number * 2

    async def gather():
        return await asyncio.gather(*(work(number) for number in range(4)))

    return sum(asyncio.run(gather()))


@dsl.pipeline(name='async-function')
def pipeline() -> int:
    return concurrent().output


EXPECT = {
    'outputs': {'Output': 12},
    'compare': True,
}
