"""Programs that would take all there is, one at a time: each is to end with an error that says what it was."""

from kfp import dsl, kubernetes


@dsl.component(packages_to_install=['numpy', 'scikit-learn'])
def take(what: str) -> str:
    import pickle

    import numpy as np

    class Nested:
        """Is read by reading what it holds."""

        def __init__(self, held):
            self.held = held

        def __reduce__(self):
            return pickle.loads, (self.held,)

    class Evasive:
        """Asks itself for what it does not have."""

        def __getattr__(self, name):
            return getattr(self, name + '_')

    def matryoshka():
        held = pickle.dumps(None)
        for _ in range(3000):
            held = pickle.dumps(Nested(held))
        return pickle.loads(held)

    def deep_list():
        held = []
        for _ in range(200_000):
            held = [held]
        return pickle.dumps(held)

    def product():
        big = np.ones((4000, 4000))
        while True:
            big = (big @ big) / 4000

    return str(type({
        'a pickle in a pickle': matryoshka, 'a deep list': deep_list, 'an evasive object': lambda: Evasive().state,
        'a large array': lambda: np.ones(100 * 2 ** 30, dtype=np.uint8), 'a large matrix': lambda: np.zeros((120_000, 120_000)),
        'a large table': lambda: np.random.default_rng(0).normal(size=(12_500, 1_000_000)),
        'many arrays': lambda: [np.ones(2 ** 22) for _ in range(10_000)],
        'a product without end': product, 'a product that takes long': lambda: np.ones((6000, 4000)) @ np.ones((4000, 6000)),
    }[what]()))


@dsl.pipeline(name='hostile')
def pipeline(what: str) -> str:
    task = take(what=what).set_memory_limit('1G')
    kubernetes.set_timeout(task, seconds=8)
    return task.output
