#!/usr/bin/env bash
# By hand: what the build for small hosts takes, and that it does what it is for. Needs `bash packaging/edge.sh`, a whole build of the same version and the
# components of `guest-examples/build.sh` and `runtime/components/build.sh`:
#
#   bash tests/edge.sh [WEFT] [EDGE]       by default target/release/weft, else target/debug/weft; and target/edge/weft
#
# The penguins run from a bundle, once as machine code and once interpreted, and may have 64 MB resident, mapped files included; the program may have 12 MB, and
# 30 MB resident while it serves nobody. What is beyond a bound is told, and the status says so.
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

# Runs a command in a control group with 64 MB, where one can be made; that it needs no more is measured anyway.
small() {
    if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] && mkdir "$group" 2>/dev/null && echo 64M >"$group/memory.max"; then
        echo "in a control group with 64 MB" >&2
        (echo "$BASHPID" >"$group/cgroup.procs" && exec "$@")
        rmdir "$group"
    else
        "$@"
    fi
}

# The most memory that a command had resident, shared pages and mapped files included.
peak='import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=open("peak", "w"))
sys.exit(done.returncode)'

held "the program" "$(stat -c %s "$edge")" 12000000 bytes

for target in portable pulley; do
    "$weft" bundle guest-examples/penguins/pipeline.yaml -o "$work/$target.weft" --aot="$target" >/dev/null
    mkdir -p "$work/$target-host"
    cd "$work/$target-host"
    began=$(date +%s%N)
    small env -i HOME="$PWD" PATH=/usr/bin:/bin python3 -c "$peak" "$edge" run "$work/$target.weft" --trust-compiled --json >ran.json 2>/dev/null
    echo "the penguins, $target: $((($(date +%s%N) - began) / 1000000)) ms, with what it takes to unpack the bundle"
    held "their memory, $target" "$(cat peak)" 64000 kB
    python3 -c 'import json; ran = json.load(open("ran.json")); assert ran["state"] == "COMPLETE", ran; print("accuracy:", ran["outputs"]["accuracy"]["parameter"])'
    cd - >/dev/null
done

# Idle: a server that nobody asks.
cd "$work/portable-host"
HOME=$PWD "$edge" serve --listen 127.0.0.1:0 >serve.log 2>&1 &
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
