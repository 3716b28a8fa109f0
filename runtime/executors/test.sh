#!/usr/bin/env bash
# Runs the tests of the executors that need no WebAssembly.
#
#   runtime/executors/test.sh [NAME]...
#
# Each is a folder here with a test.sh of its own; without a name, those of all are run.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ]; then
    for script in "$HERE"/*/test.sh; do
        set -- "$@" "$(basename "$(dirname "$script")")"
    done
fi
for name in "$@"; do
    if [ ! -f "$HERE/$name/test.sh" ]; then
        printf 'error: %s is none of the executors\n' "$name" >&2
        printf 'hint: they are the folders of %s\n' "runtime/executors" >&2
        exit 1
    fi
    "$HERE/$name/test.sh"
done
