#!/usr/bin/env bash
# Fuzzes: has each target read inputs made at random for so many seconds (300 if none are given), led by the ways that the program takes. Needs a
# C++ compiler besides Rust. `bash tests/fuzz/run.sh 60 pipelines` runs one target. What fails is written below target/fuzz/found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-300}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(components pipelines host requests); fi

export CARGO_TARGET_DIR=$PWD/target/fuzz RUSTC_WRAPPER=$PWD/tests/fuzz/rustc.sh
features=()
if [ "${targets[*]}" != pipelines ]; then features=(--features runtime); fi
# Its lock file follows what our crates have come to stand on.
cargo build --release --quiet --manifest-path tests/fuzz/Cargo.toml "${features[@]}"

# What the targets begin with: files that are read elsewhere.
seeds=target/fuzz/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{components,pipelines,host,requests} target/fuzz/found
git ls-files -z '*.yaml' | xargs -0 cp --backup=numbered -t "$seeds/pipelines"
find target/guests target/components -maxdepth 4 -name '*.wasm' -size -256k -exec cp --backup=numbered -t "$seeds/components" {} + 2>/dev/null || true
cp tests/fuzz/seeds/* "$seeds/requests"

failed=0
for target in "${targets[@]}"; do
    corpus=target/fuzz/corpus/$target
    mkdir -p "$corpus"
    limit=16384
    if [ "$target" = components ]; then limit=262144; fi
    echo "== $target"
    "$CARGO_TARGET_DIR/release/$target" "$corpus" "$seeds/$target" -max_total_time="$seconds" -max_len=$limit -timeout=60 \
        -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="target/fuzz/found/$target-" \
        >"target/fuzz/$target.log" 2>&1 || failed=1
    tail -n 12 "target/fuzz/$target.log"
done
exit $failed
