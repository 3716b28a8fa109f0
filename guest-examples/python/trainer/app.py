"""The classifier of `polyglot/wit/trainer.wit` in Python."""

import math

import wit_world
from weft_guest import open_artifact, run, set_properties, step, write_json
from wit_world.imports.artifacts import Dataset, Metrics, Model

from examples import Examples
from logistic import Logistic


class WitWorld(wit_world.WitWorld):
    @step(ValueError)
    def train(self, data: Dataset, label: str, positive: str, learning_rate: float, epochs: int) -> wit_world.Trained:
        if not (learning_rate > 0 and math.isfinite(learning_rate)):
            raise ValueError(f"the learning rate must be more than 0, not {learning_rate}")
        if epochs == 0:
            raise ValueError("epochs must be at least 1")
        with open_artifact(data, newline="") as table:
            examples = Examples.read(table, label, positive)
        fitted = Logistic.fit(examples, learning_rate, epochs, lambda done: run.progress(done, epochs))
        accuracy, log_loss = fitted.examine(examples)
        run.info(f"learned from {len(examples.rows)} rows; {examples.skipped} have missing values")

        model = Model()
        write_json(model, fitted.to_json())
        set_properties(model, label=label, positive=positive, features=examples.features, accuracy=accuracy)
        metrics = Metrics()
        metrics.log("accuracy", accuracy)
        metrics.log("log-loss", log_loss)
        metrics.log("rows", len(examples.rows))
        metrics.log("rows-skipped", examples.skipped)
        return wit_world.Trained(model, metrics, accuracy, fitted.weights)
