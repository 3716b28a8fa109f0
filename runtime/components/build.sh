#!/usr/bin/env bash
# Builds the pre-built components as target/components/NAME.wasm, where pipelines find them as `weft:NAME`. What is up to date is not built
# again. One that is larger than 2 MiB fails, and 4 MiB if it runs networks; `onnx-ml`, which is made for small devices, has at most 1,000,000 bytes.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)

"$REPO/guest-examples/build.sh" "$HERE"

# `onnx` again, without what only networks use.
environment=$("$REPO/guest-examples/toolchain.sh")
eval "$environment"
export CARGO_TARGET_DIR="$REPO/target/guests"
# Small rather than fast, but for the walk through trees. A profile of its own would have all macros compiled again.
(cd "$HERE" && cargo build --quiet --locked --release --target wasm32-wasip2 -p onnx --no-default-features \
    --config 'profile.release.opt-level="z"' --config 'profile.release.lto="fat"' --config 'profile.release.package.forest.opt-level=3')
small="$CARGO_TARGET_DIR/wasm32-wasip2/release/onnx.wasm" kept="$REPO/target/components/onnx-ml.wasm"
if ! cmp -s "$small" "$kept"; then
    cp "$small" "$kept.$$"
    mv "$kept.$$" "$kept"
    echo "built target/components/onnx-ml.wasm ($(($(wc -c <"$kept") / 1024)) KB)" >&2
fi

bound() {
    local size
    size=$(wc -c <"$REPO/target/components/$1.wasm")
    if [ "$size" -gt "$2" ]; then
        echo "error: target/components/$1.wasm is $size bytes, and may have at most $2" >&2
        exit 1
    fi
}

for world in "$HERE"/*/wit/world.wit; do
    name=$(basename "$(dirname "$(dirname "$world")")")
    case $name in
    onnx) bound "$name" $((4 << 20)) ;;
    *) bound "$name" $((2 << 20)) ;;
    esac
done
bound onnx-ml 1000000
