#!/usr/bin/env bash
# By hand: what the build for small hosts takes, and that it does what it is for. Needs `bash packaging/edge.sh`, a whole build of the same version and the
# components of `guest-examples/build.sh` and `runtime/components/build.sh`:
#
#   bash tests/edge.sh [WEFT] [EDGE]       by default target/release/weft, else target/debug/weft; and target/edge/weft
#
# The penguins run from a bundle with at most 64 MB of memory: in a control group where this user may make one, else with that much for data. Then once more
# interpreted. Ends with an error if the program has more than 12 MB, or idle more than 30 MB of memory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
weft=${1:-target/release/weft}
if [ ! -x "$weft" ]; then weft=target/debug/weft; fi
weft=$(realpath "$weft")
edge=$(realpath "${2:-target/edge/weft}")
work=$(mktemp -d)
group=/sys/fs/cgroup/weft-edge-$$
server=""
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rmdir "$group" 2>/dev/null || true; rm -rf "$work"' EXIT
status=0

# A figure, and what it may be at most.
held() {
    local what=$1 found=$2 bound=$3 unit=$4
    if [ "$found" -le "$bound" ]; then echo "$what: $found $unit (at most $bound)"; else
        echo "$what: $found $unit, which is more than $bound" >&2
        status=1
    fi
}

# Runs a command with 64 MB of memory, and tells how.
small() {
    if mkdir "$group" 2>/dev/null && echo 64M 2>/dev/null >"$group/memory.max" && echo 0 2>/dev/null >"$group/memory.swap.max"; then
        echo "in a control group with 64 MB" >&2
        (echo "$BASHPID" >"$group/cgroup.procs" && exec "$@")
        echo "at most $(($(cat "$group/memory.peak" 2>/dev/null || echo 0) >> 20)) MiB of it were used, the system's cache of files included" >&2
        rmdir "$group"
    else
        echo "with 64 MB for data (no control group can be made)" >&2
        (ulimit -d $((64 << 10)) && exec "$@")
    fi
}

held "the program" "$(stat -c %s "$edge")" 12000000 bytes

for target in portable pulley; do
    "$weft" bundle guest-examples/penguins/pipeline.yaml -o "$work/$target.weft" --aot="$target" >/dev/null
    mkdir -p "$work/$target-host"
    cd "$work/$target-host"
    began=$(date +%s%N)
    small env -i HOME="$PWD" PATH=/usr/bin:/bin "$edge" run "$work/$target.weft" --trust-compiled --json >ran.json
    echo "the penguins, $target: $((($(date +%s%N) - began) / 1000000)) ms"
    grep -q '"state": "COMPLETE"' ran.json
    if [ -n "$(find . -name '*.functions')" ]; then
        echo "something was compiled here" >&2
        status=1
    fi
    # What the same program says of the same run, wherever it computed.
    "$edge" runs --json | sed -n 's/.*"digest": "\(.*\)".*/\1/p' >digests
    cd - >/dev/null
done

# Idle: a server that nobody asks.
cd "$work/portable-host"
HOME=$PWD "$edge" serve --port 0 >serve.log 2>&1 &
server=$!
for _ in $(seq 100); do
    if grep -q 'http://' serve.log; then break; fi
    sleep 0.1
done
sleep 1
held "idle" "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status")" 30000 kB
kill "$server"
wait "$server" 2>/dev/null || true
server=""
exit $status
