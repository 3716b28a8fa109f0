#!/usr/bin/env bash
# Tests the shell runner's native build: by its unit tests, and beside the machine's own shells.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-"$HERE/../../../target/executors/shell-test"}"
cd "$HERE"
cargo test --quiet --locked
