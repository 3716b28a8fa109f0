#!/usr/bin/env bash
# Builds the pre-built components as target/components/NAME.wasm, where pipelines find them as `weft:NAME`. What is up to date is not built
# again; one that is larger than 2 MiB fails, and 4 MiB if it runs networks.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)

"$REPO/guest-examples/build.sh" "$HERE"
for world in "$HERE"/*/wit/world.wit; do
    name=$(basename "$(dirname "$(dirname "$world")")")
    most=$((2 << 20))
    if [ "$name" = onnx ]; then most=$((4 << 20)); fi
    size=$(wc -c <"$REPO/target/components/$name.wasm")
    if [ "$size" -gt "$most" ]; then
        echo "error: target/components/$name.wasm is $size bytes, and a pre-built component has at most $most" >&2
        exit 1
    fi
done
