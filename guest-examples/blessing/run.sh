#!/usr/bin/env bash
# Builds weft and the pre-built components, and runs the example three times: the first model is pushed, a worse one is not, a better one is.
# Needs git, rustup's Rust, Python 3 and a C compiler; all else it fetches. Arguments go to each `weft run`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cd "$repo"

bash runtime/components/build.sh
cargo build --quiet --locked --package weft-cli
for trees in 20 5 60; do
    printf '\n%s rounds of boosting\n' "$trees"
    target/debug/weft run "$here/pipeline.yaml" -p "learning={\"trees\": $trees, \"min-leaf-rows\": 5}" "$@"
done
