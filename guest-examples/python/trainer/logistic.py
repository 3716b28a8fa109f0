"""The model, and how it is fitted. `polyglot/wit/trainer.wit` tells the order of operations."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from examples import Examples

LEAST = 1e-15
"""The least probability whose logarithm is taken."""


@dataclass
class Logistic:
    """A logistic regression on standardised numbers."""

    label: str
    positive: str
    features: list[str]
    mean: list[float]
    deviation: list[float]
    weights: list[float]
    """The intercept, then one for each feature."""

    @classmethod
    def fit(cls, examples: Examples, learning_rate: float, epochs: int, progress: Callable[[int], None]) -> Self:
        """Calls `progress` with the number of epochs done after each one."""
        n = len(examples.rows)
        columns = list(zip(*examples.rows))
        mean = [total(column) / n for column in columns]
        variance = [total((x - m) * (x - m) for x in column) / n for column, m in zip(columns, mean)]
        deviation = [math.sqrt(v) or 1.0 for v in variance]
        model = cls(examples.label, examples.positive, examples.features, mean, deviation, [0.0] * (len(columns) + 1))

        rows = [(model.standardise(row), y) for row, y in zip(examples.rows, examples.targets)]
        for epoch in range(epochs):
            gradient = [0.0] * len(model.weights)
            for z, y in rows:
                error = model.probability(z) - y
                gradient[0] += error
                for j, z_j in enumerate(z, 1):
                    gradient[j] += error * z_j
            model.weights = [w - learning_rate * (g / n) for w, g in zip(model.weights, gradient)]
            progress(epoch + 1)
        if not all(map(math.isfinite, model.weights)):
            raise ValueError(f"the weights grew beyond all bounds: the learning rate {learning_rate} is too large")
        return model

    def examine(self, examples: Examples) -> tuple[float, float]:
        """Accuracy and log loss."""
        n = len(examples.rows)
        scored = [(self.probability(self.standardise(row)), y) for row, y in zip(examples.rows, examples.targets)]
        right = sum((p >= 0.5) == (y == 1.0) for p, y in scored)
        loss = total(-math.log(max(p if y == 1.0 else 1.0 - p, LEAST)) for p, y in scored)
        return right / n, loss / n

    def standardise(self, row: list[float]) -> list[float]:
        return [(x - m) / d for x, m, d in zip(row, self.mean, self.deviation)]

    def probability(self, z: list[float]) -> float:
        """How likely a row of standardised values is positive."""
        s, *_ = self.weights
        for w, z_j in zip(self.weights[1:], z):
            s += w * z_j
        try:
            return 1.0 / (1.0 + math.exp(-s))
        except OverflowError:
            return 0.0

    def to_json(self) -> dict[str, Any]:
        return {"format": "weft-logistic-1", **vars(self)}


def total(values: Iterable[float]) -> float:
    """From left to right. The builtin `sum` keeps what rounding loses, which the other languages do not."""
    result = 0.0
    for value in values:
        result += value
    return result
