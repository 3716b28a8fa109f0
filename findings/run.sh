#!/usr/bin/env bash
# Runs all findings, or those that are named: bash findings/run.sh [NAME]... Each says what it saw, and fails if that is another thing than what it tells of.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ]; then
    for script in "$here"/*.sh; do
        name=$(basename "$script" .sh)
        case $name in run | common) ;; *) set -- "$@" "$name" ;; esac
    done
fi
failed=()
for name in "$@"; do
    printf '== %s\n' "$name"
    bash "$here/$name.sh" || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
    printf 'not as told: %s\n' "${failed[*]}" >&2
    exit 1
fi
