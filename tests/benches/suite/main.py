"""Runs groups of measurements and writes the report."""

import importlib
import sys

from measure import BENCHES
from report import Report

GROUPS = ["steps", "peers", "job", "compute", "data", "scale"]


def main():
    asked = sys.argv[1:] or GROUPS
    unknown = [name for name in asked if name not in GROUPS]
    if unknown:
        sys.exit(f"error: there is no group {unknown[0]}; they are {', '.join(GROUPS)}")
    BENCHES.mkdir(parents=True, exist_ok=True)
    report = Report()
    for name in asked:
        print(f"== {name}", file=sys.stderr)
        importlib.import_module(f"group_{name}").measure(report)
    report.write(BENCHES)
    print(report.markdown())


main()
