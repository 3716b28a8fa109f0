#!/usr/bin/env bash
# Runs pipelines on a Ray of one node on this machine, and shows what `weft run --on ray` promises:
#   1. 200 steps of half a second, and how long they take beside the ideal
#   2. killed workers lose nothing
#   3. an interrupted run leaves no jobs, and goes on
# Installs Ray into a temporary folder (or takes WEFT_RAY, the folder with its programs). Ray listens on all interfaces, so that it runs in a network
# namespace of its own: this needs root, or a kernel that lets users make such. `bash tests/run.sh` builds what it needs before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${WEFT_RAY_INSIDE-}" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    if [ -z "${WEFT_RAY-}" ]; then
        python3 -m venv "$folder/venv"
        "$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ray[default]==2.60.0'
        WEFT_RAY=$folder/venv/bin
    fi
    map=()
    if [ "$(id -u)" != 0 ]; then map=(--map-root-user); fi
    # With the processes of its own, all of Ray's end with it.
    WEFT_RAY_INSIDE=$folder WEFT_RAY=$WEFT_RAY unshare "${map[@]}" --net --pid --fork --mount-proc --kill-child bash "$0"
    exit
fi

folder=$WEFT_RAY_INSIDE
weft=${WEFT:-$PWD/target/debug/weft}
trivial=${WEFT_TRIVIAL:-$PWD/target/components/trivial.wasm}
workers=${WEFT_RAY_CPUS:-4}
ip link set lo up
export RAY_ADDRESS=http://127.0.0.1:8265 WEFT_CACHE=$folder/cache RAY_USAGE_STATS_ENABLED=0
"$WEFT_RAY/ray" start --head --node-ip-address=127.0.0.1 --num-cpus="$workers" --object-store-memory=200000000 --include-dashboard=true \
    --dashboard-host=127.0.0.1 --temp-dir="$folder/ray" --disable-usage-stats >"$folder/ray.log" 2>&1 || { cat "$folder/ray.log" >&2; exit 1; }
jobs() { python3 -c "import json, urllib.request; print(*(job['status'] for job in json.load(urllib.request.urlopen('$RAY_ADDRESS/api/jobs/'))))"; }
for _ in $(seq 60); do if jobs >/dev/null 2>&1; then break; fi; sleep 1; done

mkdir "$folder/pipelines"
cp "$trivial" "$folder/pipelines/trivial.wasm"
cd "$folder/pipelines"
{
    echo "name: fan"
    echo "steps:"
    for step in $(seq 200); do
        echo "  s$step: { component: \"trivial.wasm#sleep\", with: { ms: 500 }, grants: { clock: true }, cache: false }"
    done
} >fan.yaml

# The run has 200 steps, each complete and recorded once.
whole() {
    "$weft" runs show "$1" --json | python3 -c "
import json, sys
steps = [step for step in json.load(sys.stdin)['steps'] if step.get('component')]
sys.exit(not (len({step['task'] for step in steps}) == len(steps) == 200 and all(step['state'] == 'COMPLETE' for step in steps)))"
}
seconds() { python3 -c "print(round(($(date +%s%N) - $1) / 1e9, 1))"; }

from=$(date +%s%N)
"$weft" run fan.yaml --on ray --name one --quiet >/dev/null
whole one
echo "200 steps of 0.5 s on $workers workers: $(seconds "$from") s, ideally $(python3 -c "print(100 / $workers)") s"

from=$(date +%s%N)
"$weft" run fan.yaml --on ray --name two --quiet >/dev/null 2>two.err &
running=$!
kills=0
while kill -0 "$running" 2>/dev/null && [ "$kills" -lt 10 ]; do
    sleep 2
    victim=$(pgrep -f "^$weft .* worker $PWD/.weft/engine/two " | shuf -n 1) || continue
    if kill -9 "$victim"; then kills=$((kills + 1)); fi
done
wait "$running" || { cat two.err >&2; exit 1; }
whole two
echo "the same while $kills workers were killed: $(seconds "$from") s, nothing lost"

"$weft" run fan.yaml --on ray --name three --quiet >/dev/null 2>&1 &
running=$!
for _ in $(seq 300); do if [[ $(jobs) == *RUNNING* ]]; then break; fi; sleep .1; done
sleep 2
kill -INT "$running"
code=0
wait "$running" || code=$?
[ "$code" = 130 ]
for _ in $(seq 100); do if [[ $(jobs) != *RUNNING* && $(jobs) != *PENDING* ]]; then break; fi; sleep .1; done
[[ $(jobs) != *RUNNING* && $(jobs) != *PENDING* ]]
"$weft" resume three --on ray --quiet >/dev/null
whole three
"$weft" fsck >&2
echo "an interrupted run left no jobs, and was resumed"
