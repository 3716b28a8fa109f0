#!/usr/bin/env bash
# Builds the executor with the scientific Python stack, or the named one that has more, below target/executors, as `weft executor install` does for users.
# It is built when it is named only: it takes some minutes and 3 GB of memory. What is as it was is not built again. WEFT_BINARY names the program that does it;
# without it, that is built before.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
if [ -z "${WEFT_BINARY:-}" ]; then cargo build --quiet --locked -p weft-cli; fi
WEFT_EXECUTORS="$PWD/target/executors" "${WEFT_BINARY:-target/debug/weft}" executor install "${1:-science}" >&2
