#!/usr/bin/env bash
# Has Schemathesis ask a running `weft serve` whatever its OpenAPI document allows, and much that it does not: it must find no 5xx and no answer
# that the document does not describe. Run by hand, since it takes minutes and 90 MB: `bash tests/api.sh [EXAMPLES]`.
#
# Needs Python 3.10 or newer and the program (`cargo build -p weft-cli`; WEFT names another); all else it fetches into a temporary folder, or
# takes from the environment that WEFT_SCHEMATHESIS names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
weft=${WEFT:-$root/target/debug/weft}
examples=${1:-50}
work=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

if [ -z "${WEFT_SCHEMATHESIS:-}" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements-api.txt
    WEFT_SCHEMATHESIS=$work/venv
fi

cd "$work"
"$weft" serve --listen 127.0.0.1:0 >address 2>server.log &
server=$!
for _ in $(seq 100); do
    if [ -s address ]; then break; fi
    sleep 0.1
done
url=$(cat address)
token=$(cat .weft/server.token)

# Something of everything, so that lists are not empty: an experiment, a pipeline with a version, a run with artifacts, a recurring run.
python3 "$root/tests/api/fill.py" "$url" "$token"

"$WEFT_SCHEMATHESIS/bin/schemathesis" --config-file "$root/tests/api/schemathesis.toml" run "$url/openapi.json" \
    --header "Authorization: Bearer $token" --max-examples "$examples" --warnings off
# It still stands, and its store is whole.
kill -0 "$server"
kill -TERM "$server"
wait "$server"
server=""
"$weft" fsck
if grep -q panicked server.log; then
    cat server.log
    exit 1
fi
