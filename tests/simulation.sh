#!/usr/bin/env bash
# Has 100,000 simulated processes (or as many as the argument says) crash while they run pipelines, on all processors, from a seed that it prints; then
# has each operation of one run be the one that goes wrong, in each way. What fails prints its seed and the least that still fails:
# `WEFT_TEST_SEED=.. WEFT_TEST_CRASHES=1 cargo test -p weft-engine --test simulation` does it again. `tests/run.sh` does the same with few.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
crashes=${1:-100000}
seed=${WEFT_TEST_SEED:-$RANDOM$RANDOM}
echo "WEFT_TEST_SEED=$seed"
cargo test --quiet -p weft-engine -p weft-cli --test simulation --no-run

# A process simulates one disk.
processes=$(nproc)
share() {
    WEFT_TEST_CRASHES=$((crashes / processes + 1)) WEFT_TEST_SEED=$((seed + $1 * 1000000)) \
        cargo test --quiet -p weft-engine -p weft-cli --test simulation random_runs -- --nocapture
}
pids=()
for ((process = 0; process < processes; process++)); do
    share "$process" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
echo "$crashes crashes in $SECONDS s"
WEFT_TEST_CRASHES=$crashes cargo test --quiet -p weft-engine -p weft-cli --test simulation each_operation -- --nocapture
