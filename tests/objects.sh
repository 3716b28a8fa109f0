#!/usr/bin/env bash
# By hand: how fast an object of a GiB comes from a server that speaks S3, and how fast an artifact of that size goes into a store's bucket and comes back,
# beside what boto3 takes for the same, and with how much memory.
# Needs the environment of `tests/run.sh` and a built program: `bash tests/objects.sh [WEFT] [MIB]`, by default target/release/weft and 1024.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
weft=$(realpath "${1:-target/release/weft}")
size=${2:-1024}
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

server=
serve() {
    if [ -n "$server" ]; then kill "$server"; wait "$server" 2>/dev/null || true; fi
    # The server holds all objects in memory.
    coproc SERVER { exec target/objects-venv/bin/python tests/python/object_server.py; }
    server=$SERVER_PID
    read -r port <&"${SERVER[0]}"
    export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=hidden
}
tell() { echo "$1" >&"${SERVER[1]}"; read -r answer <&"${SERVER[0]}"; }

# Has boto3 do it, in a process of its own, and leaves how long it took, its start left out.
plain() {
    plain=$(target/objects-venv/bin/python -c '
import sys, time
import boto3
client = boto3.client("s3", region_name="us-east-1")
what, *rest = sys.argv[1:]
started = time.monotonic()
getattr(client, what)(*rest)
print(time.monotonic() - started)
' "$@")
}

# Runs weft, and leaves how long it took and the most memory that it had, in KiB.
timed() {
    local now began=$EPOCHREALTIME
    (cd "$folder" && exec "$weft" "$@") >/dev/null 2>"$folder/said" &
    local running=$!
    peak=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$running/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.02
    done
    wait "$running" || { cat "$folder/said" >&2; exit 1; }
    took=$(awk -v begin="$began" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }')
}
tell_of() {
    awk -v what="$1" -v size="$size" -v plain="$plain" -v took="$took" -v peak="$peak" 'BEGIN {
        printf "%s: boto3 %.2f s (%.0f MiB/s), weft %.2f s (%.0f MiB/s): %.0f %% of its speed, at most %.0f MiB of memory\n",
            what, plain, size / plain, took, size / took, 100 * plain / took, peak / 1024
    }'
}

printf 'name: far\nsteps:\n  i: { import: "s3://bucket/large", type: dataset }\n' >"$folder/far.yaml"
printf 'name: near\noutputs: { made: "${i}" }\nsteps:\n  i: { import: large, type: dataset }\n' >"$folder/near.yaml"
printf 'name: small\nsteps:\n  i: { import: small.yaml, type: dataset }\n' >"$folder/small.yaml"
for round in 1 2 3; do
    serve
    tell "[\"fill\", \"bucket\", \"large\", $size]"
    plain download_file bucket large "$folder/large"
    timed run far.yaml --no-cache --store far
    tell_of "import"
    rm -rf "$folder/far"

    # An artifact that is in the folder alone, to be brought into the bucket by the next run.
    serve
    timed run near.yaml --store near --artifacts s3://bucket/artifacts --offline
    tell '["bucket", "bucket"]'
    plain upload_file "$folder/large" bucket plain
    timed run small.yaml --store near
    tell_of "into the bucket"
    # As weft sends it: without checksums beside the signatures, for which this server makes one of another kind of the whole object, which takes it as long as
    # a fifth of all that it does.
    AWS_REQUEST_CHECKSUM_CALCULATION=when_required plain upload_file "$folder/large" bucket plain
    tell_of "into the bucket, without checksums"
    timed gc --local 0 --store near
    [ -z "$(find "$folder/near/artifacts/blobs" -size +1M)" ]
    plain download_file bucket plain "$folder/plain"
    timed artifact cat near/made --store near
    tell_of "out of the bucket"
    rm -rf "$folder/near" "$folder/plain"
done
