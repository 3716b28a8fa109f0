#!/usr/bin/env bash
# Calls a script of the executors, each of which is a folder here: runtime/executors/each.sh SCRIPT [NAME]...
# Without a name, those of all but `science` and `boosting` are called, whether or not one before them failed; the status tells if one did.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
called=$1
status=0
shift
if [ $# -eq 0 ]; then
    for script in "$HERE"/*/"$called"; do
        name=$(basename "$(dirname "$script")")
        if [ "$name" != science ] && [ "$name" != boosting ]; then set -- "$@" "$name"; fi
    done
fi
for name in "$@"; do
    if [ ! -f "$HERE/$name/$called" ]; then
        printf 'error: %s is none of the executors\n' "$name" >&2
        printf 'hint: they are the folders of %s\n' "runtime/executors" >&2
        exit 1
    fi
    "$HERE/$name/$called" || status=1
done
exit $status
