#!/usr/bin/env bash
# Builds the executors, the programs that run in place of a container's, as target/executors/NAME.wasm.
#
#   runtime/executors/build.sh [NAME]...
#
# Each is a folder here with a build.sh of its own; without a name, all are built. What is as it was is not built again.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ]; then
    for script in "$HERE"/*/build.sh; do
        set -- "$@" "$(basename "$(dirname "$script")")"
    done
fi
for name in "$@"; do
    if [ ! -f "$HERE/$name/build.sh" ]; then
        printf 'error: %s is none of the executors\n' "$name" >&2
        printf 'hint: they are the folders of %s\n' "runtime/executors" >&2
        exit 1
    fi
    "$HERE/$name/build.sh"
done
