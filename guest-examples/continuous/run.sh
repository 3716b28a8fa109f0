#!/usr/bin/env bash
# Continuous training: a server watches a folder, and each table that is put there trains a model, which is deployed if it is better than
# the one before. Needs what guest-examples/penguins/run.sh has built. Everything it makes lies in a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
weft=$here/../../target/debug/weft
data=$here/../penguins/data/penguins.csv

work=$(mktemp -d)
incoming=$here/incoming
rm -rf "$incoming"
mkdir "$incoming"
"$weft" serve --store "$work/store" --listen 127.0.0.1:0 --no-auth --triggers "$here" >"$work/url" &
server=$!
trap 'kill -INT $server; wait $server; rm -rf "$work" "$incoming"' EXIT
until [ -s "$work/url" ]; do sleep 0.1; done
echo "The page: $(cat "$work/url")"

# Waits until so many runs have ended.
ended() {
    until [ "$("$weft" runs --store "$work/store" --json | grep -c '"ended_ms": [0-9]')" -ge "$1" ]; do sleep 0.2; done
}

sleep 3 # What is there when a trigger is first seen is where it begins.
echo "a first table, of few penguins: its model is deployed, and examined"
awk 'NR == 1 || NR % 25 == 0' "$data" >"$incoming/monday.csv"
ended 2
echo "all penguins: a better model is deployed, and examined"
cp "$data" "$incoming/tuesday.csv"
ended 4
echo "few penguins once more: no better, so nothing is deployed"
awk 'NR <= 2 || NR % 25 == 0' "$data" >"$incoming/wednesday.csv"
ended 5
echo "the same table again, touched and copied over itself: nothing happens"
touch "$incoming/tuesday.csv"
cp "$data" "$incoming/tuesday.csv"
sleep 4
"$weft" runs --store "$work/store"
