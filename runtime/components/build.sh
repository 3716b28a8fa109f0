#!/usr/bin/env bash
# Builds the pre-built components as target/components/NAME.wasm, where pipelines find them as `weft:NAME`. What is up to date is not built
# again; one that is larger than 2 MiB fails.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
MOST=$((2 << 20))

"$REPO/guest-examples/build.sh" "$HERE"
for world in "$HERE"/*/wit/world.wit; do
    name=$(basename "$(dirname "$(dirname "$world")")")
    size=$(wc -c <"$REPO/target/components/$name.wasm")
    if [ "$size" -gt "$MOST" ]; then
        echo "error: target/components/$name.wasm is $size bytes, and a pre-built component has at most $MOST" >&2
        exit 1
    fi
done
