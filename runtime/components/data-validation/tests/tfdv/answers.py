"""TFDV's answers for the tables that `examples/odd_tables.rs` writes: statistics of both spans, the schema of the first, and the anomalies of the
second by that schema and by the one with checks, with the first as the span before and as what is served.

Ran with tensorflow-data-validation 1.21.0: python answers.py TABLES ANSWERS. Features, anomalies and the parts of schemas have a line each.
"""
import sys
from pathlib import Path

import tensorflow_data_validation as tfdv
from google.protobuf import text_format

# Buckets of a rank histogram that are kept, and the last one; distances in the anomalies are of all.
MOST_RANKS = 100


def save(path, message, deep=0):
    """As text with a line for each message that is so deep in others, and what it holds on the same."""
    lines = []
    for line in text_format.MessageToString(message, as_utf8=True).rstrip("\n").split("\n"):
        inside = len(line) - len(line.lstrip(" ")) - 2 * deep
        if inside > 0 or (inside == 0 and line.endswith("}")):
            lines[-1] += " " + line.lstrip(" ")
        else:
            lines.append(line)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def main(tables, answers):
    answers.mkdir(parents=True, exist_ok=True)
    for checks in sorted(tables.glob("*.checks.pbtxt")):
        name = checks.name.split(".")[0]
        before, after = [tfdv.generate_statistics_from_csv(str(tables / f"{name}.{span}.csv")) for span in (0, 1)]
        schema = tfdv.infer_schema(before)
        save(answers / f"{name}.schema.pbtxt", schema)
        for kind, by, others in [
            ("plain", schema, {}),
            ("checks", tfdv.load_schema_text(str(checks)), {"previous_statistics": before, "serving_statistics": before}),
        ]:
            anomalies = tfdv.validate_statistics(after, by, **others)
            # The schema, which is known.
            anomalies.ClearField("baseline")
            save(answers / f"{name}.{kind}.pbtxt", anomalies)
        for span, statistics in enumerate([before, after]):
            for feature in statistics.datasets[0].features:
                # To look at it in a column of numbers would turn it into one of texts.
                if feature.HasField("string_stats") and feature.string_stats.HasField("rank_histogram"):
                    del feature.string_stats.rank_histogram.buckets[MOST_RANKS:-1]
            save(answers / f"{name}.{span}.pbtxt", statistics, deep=1)
        print(name, flush=True)


main(Path(sys.argv[1]), Path(sys.argv[2]))
