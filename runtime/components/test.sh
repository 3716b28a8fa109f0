#!/usr/bin/env bash
# Tests the libraries that the pre-built components are made of, natively.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CARGO_TARGET_DIR=../../target/guest-tests/rust
cargo test --quiet --locked --no-fail-fast -p data-transform -p data-validation -p evaluation -p forest -p learning -p models -p pusher -p tables -p tabular
# As they are in `weft:onnx-ml`.
cargo test --quiet --locked --no-fail-fast -p models --no-default-features --test reference
