"""The feature engineering of `polyglot/wit/features.wit` in Python."""

import wit_world
from weft_guest import open_artifact, run, set_properties, step
from wit_world.imports.artifacts import Dataset, Markdown

import features
import summary
from table import Table


class WitWorld(wit_world.WitWorld):
    @step(ValueError)
    def engineer(
        self,
        data: Dataset,
        label: str,
        positive: str,
        fill: list[str],
        ratios: list[tuple[str, str]],
        categories: list[str],
        drop: list[str],
    ) -> wit_world.Engineered:
        with open_artifact(data, newline="") as source:
            raw = Table.read(source)
        raw.column(label)  # so that a wrong name is said before any work
        table = raw
        for name in fill:
            table, filled = features.fill(table, name)
            run.info(f"filled {filled} missing values of `{name}` with the median")
        for numerator, denominator in ratios:
            table = features.ratio(table, numerator, denominator)
        for name in categories:
            table = features.spread(table, name)
        table = features.drop(table, drop)

        engineered = Dataset()
        with open_artifact(engineered, "w", newline="") as target:
            table.write(target)
        added = [name for name in table.columns if name not in raw.columns]
        set_properties(engineered, rows=len(table), columns=list(table.columns), added=added)
        page = Markdown()
        page.set_text(summary.markdown(table, label, positive))
        page.set_display_name("Summary of the features")
        return wit_world.Engineered(engineered, page, added)
