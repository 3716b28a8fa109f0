#!/usr/bin/env bash
# Calls rustc, and has it tell the fuzzer which way the program goes: our own crates and those that read what others wrote. Wasmtime's
# compiler would only take time. What runs while building (macros, and what they stand on) is not optimised, and is left alone: there is no fuzzer that it could tell.
set -euo pipefail
name=""
for ((at = 1; at < $#; at++)); do
    if [ "${!at}" = --crate-name ]; then
        next=$((at + 1))
        name=${!next}
    fi
done
if [[ " $* " != *" opt-level=1 "* ]]; then exec "$@"; fi
case $name in
weft* | components | pipelines | host | requests | granit* | serde_json | wasmparser | cel | axum* | multer)
    exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing
    ;;
*) exec "$@" ;;
esac
