#!/usr/bin/env bash
# Kills a server under load 200 times (or as often as the first argument says) at random instants, and asserts that no run was lost, none was executed
# twice, and every second of a recurring run, every file, every signed request and every artifact that a trigger waits for was served exactly
# once. `tests/run.sh` does the same with few kills. It takes some minutes; run `bash tests/run.sh` before, which makes what it needs. More arguments go to cargo:
# `bash tests/kills.sh 1000 --release` kills what users get.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seed=${WEFT_TEST_SEED:-$RANDOM}
echo "WEFT_TEST_SEED=$seed"
WEFT_TEST_KILLS=${1:-200} WEFT_TEST_SEED=$seed exec cargo test --workspace "${@:2}" --test serve -- --nocapture killed_again_and_again
