#!/usr/bin/env bash
# Builds the executor with the scientific Python stack below target/executors, as `weft executor install science` does for users.
# It is built when it is named only: it takes some minutes and 3 GB of memory. What is as it was is not built again.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
cargo build --quiet --locked -p weft-cli
WEFT_EXECUTORS="$PWD/target/executors" target/debug/weft executor install science >&2
