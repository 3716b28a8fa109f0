#!/usr/bin/env bash
# Tests the libraries that the pre-built components are made of, natively.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

CARGO_TARGET_DIR=../../target/guest-tests/rust cargo test --quiet --locked -p data-validation -p evaluation -p learning -p models -p pusher -p tabular --no-fail-fast
