#!/usr/bin/env bash
# Statistics of many rows: `rows.sh [MILLIONS...]`, one, two, four and ten if none are given. Ten numbers and a label a row, as CSV in eight files, which are
# described side by side and merged. Prints rows, seconds of the run and the largest memory of a step. Needs a built weft (WEFT, or
# target/release/weft) and the pre-built components; takes some 100 MB of disk for a million rows, in a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
weft=${WEFT:-$here/../../target/release/weft}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PARTS=8 # As many as `merge` takes.

{
    echo "name: rows"
    echo "inputs: { table: dataset }"
    echo "steps:"
    for part in $(seq $PARTS); do
        echo "  part-$part:"
        echo "    component: weft:statistics-parts#collect"
        echo "    with: { examples: \"\${inputs.table}\", files: \"part-$part.csv\" }"
    done
    echo "  statistics:"
    echo "    component: weft:statistics-parts#merge"
    echo "    with:"
    part=0
    for name in first second third fourth fifth sixth seventh eighth; do
        part=$((part + 1))
        echo "      $name: \${part-$part.part}"
    done
    echo "  schema: { component: weft:schema-gen, with: { statistics: \"\${statistics.statistics}\" } }"
    echo "  validate: { component: weft:example-validator, with: { statistics: \"\${statistics.statistics}\", schema: \"\${schema.schema}\" } }"
} >"$work/rows.yaml"

for millions in "${@:-1 2 4 10}"; do
    for number in $millions; do
        mkdir "$work/table"
        for part in $(seq $PARTS); do
            awk -v rows=$((number * 1000000 / PARTS)) -v seed="$part" 'BEGIN {
                srand(seed); print "label,a,b,c,d,e,f,g,h,i,j"
                for (n = 0; n < rows; n++) {
                    printf "%s", (rand() < 0.5) ? "yes" : "no"
                    for (k = 0; k < 10; k++) printf ",%.4f", rand() * (k + 1)
                    print ""
                }
            }' >"$work/table/part-$part.csv"
        done
        "$weft" run "$work/rows.yaml" --store "$work/store" --with "table=$work/table" --json --quiet >"$work/outcome.json"
        "$weft" runs show latest --store "$work/store" --json >"$work/run.json"
        python3 - "$number" "$work/run.json" <<'PYTHON'
import json, sys
run = json.load(open(sys.argv[2]))
steps = run["steps"]
peak = max(step.get("peak_memory") or 0 for step in steps)
seconds = (run["ended_ms"] - run["started_ms"]) / 1000 if "ended_ms" in run else None
print(f"{sys.argv[1]} million rows: {seconds} s, {peak / 2**20:.0f} MiB for the largest step")
PYTHON
        rm -rf "$work/table" "$work/store"
    done
done
