#!/usr/bin/env bash
# By hand: how fast an object of a GiB comes from a server that speaks S3, beside what boto3 takes for the same, and with how much memory.
# Needs the environment of `tests/run.sh` and a built program: `bash tests/objects.sh [WEFT] [MIB]`, by default target/release/weft and 1024.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
weft=$(realpath "${1:-target/release/weft}")
size=${2:-1024}
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

coproc SERVER { target/objects-venv/bin/python tests/python/object_server.py; }
server=$SERVER_PID
tell() { echo "$1" >&"${SERVER[1]}"; read -r answer <&"${SERVER[0]}"; }
read -r port <&"${SERVER[0]}"
tell "[\"fill\", \"bucket\", \"large\", $size]"
printf 'name: far\nsteps:\n  i: { import: "s3://bucket/large", type: dataset }\n' >"$folder/p.yaml"

export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=hidden
for round in 1 2 3; do
    tell "[\"download\", \"bucket\", \"large\", \"$folder/plain\"]"
    plain=$answer
    rm "$folder/plain"
    began=$(date +%s.%N)
    (cd "$folder" && exec "$weft" run p.yaml --no-cache --store "store-$round") >/dev/null 2>&1 &
    running=$!
    peak=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$running/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.02
    done
    wait "$running"
    ended=$(date +%s.%N)
    rm -rf "$folder/store-$round"
    awk -v size="$size" -v plain="$plain" -v begin="$began" -v end="$ended" -v peak="$peak" 'BEGIN {
        took = end - begin
        printf "boto3 %.2f s (%.0f MiB/s), weft %.2f s (%.0f MiB/s): %.0f %% of its speed, at most %.0f MiB of memory\n",
            plain, size / plain, took, size / took, 100 * plain / took, peak / 1024
    }'
done
