#!/usr/bin/env bash
# Kills a server under load 200 times (or as often as the argument says) at random instants, and asserts that no run was lost, none was executed
# twice, and every second of a recurring run, every file, every signed request and every artifact that a trigger waits for was served exactly
# once. `tests/run.sh` does the same with few kills. It takes some minutes; run `bash tests/run.sh` before, which makes what it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seed=${WEFT_TEST_SEED:-$RANDOM}
echo "WEFT_TEST_SEED=$seed"
WEFT_TEST_KILLS=${1:-200} WEFT_TEST_SEED=$seed exec cargo test -p weft-cli --test serve -- --nocapture killed_again_and_again
