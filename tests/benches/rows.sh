#!/usr/bin/env bash
# Statistics of many rows: `rows.sh [MILLIONS...]`, one, two, four and ten if none are given. Ten numbers and a label a row, as CSV in eight files, which are
# described side by side and merged. Prints rows, seconds of the run, rows a second, cores that were busy, parts that were read at a time, and the largest memory of a step and of the
# whole program. The components are compiled before. Needs a built weft (WEFT, or target/release/weft) and the pre-built components; takes some 140 MB of
# disk for a million rows, in a temporary folder (TMPDIR).
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

# make ROWS: that many rows in all files together.
make() {
    rm -rf "$work/table" "$work/store"
    mkdir "$work/table"
    for part in $(seq $PARTS); do
        awk -v rows=$(($1 / PARTS)) -v seed="$part" 'BEGIN {
            srand(seed); print "label,a,b,c,d,e,f,g,h,i,j"
            for (n = 0; n < rows; n++) {
                printf "%s", (rand() < 0.5) ? "yes" : "no"
                for (k = 0; k < 10; k++) printf ",%.4f", rand() * (k + 1)
                print ""
            }
        }' >"$work/table/part-$part.csv"
    done
}

measure() {
    python3 - "$1" "$weft" "$work" <<'PYTHON'
import json, os, subprocess, sys
millions, weft, work = sys.argv[1:]
with open(f"{work}/outcome.json", "w") as outcome:
    run = [weft, "run", f"{work}/rows.yaml", "--store", f"{work}/store", "--with", f"table={work}/table", "--json", "--quiet"]
    process = subprocess.Popen(run, stdout=outcome, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
if status:
    sys.exit("the run failed")
show = [weft, "runs", "show", "latest", "--store", f"{work}/store", "--json"]
run = json.loads(subprocess.run(show, capture_output=True, check=True).stdout)
seconds = (run["ended_ms"] - run["started_ms"]) / 1000
processor = used.ru_utime + used.ru_stime
step = max(step.get("peak_memory") or 0 for step in run["steps"])
# Whatever else the machine does: how many parts were read at a time, of those that could be.
parts = [step for step in run["steps"] if step["task"].startswith("part-")]
reading = max(step["ended_ms"] for step in parts) - min(step["started_ms"] for step in parts)
abreast = sum(step["ended_ms"] - step["started_ms"] for step in parts) / reading
print(f"{millions} million rows: {seconds:.1f} s, {float(millions) * 1e6 / seconds:,.0f} rows/s, {processor:.1f} s of processors "
      f"({processor / seconds:.1f} busy), {abreast:.1f} parts abreast, {step / 2**20:.0f} MiB for the largest step, {used.ru_maxrss / 2**10:.0f} MiB in all", flush=True)
PYTHON
}

make 8000
measure 0.008 >/dev/null
for millions in "${@:-1 2 4 10}"; do
    for number in $millions; do
        make $((number * 1000000))
        measure "$number"
    done
done
