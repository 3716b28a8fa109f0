#!/usr/bin/env bash
# Puts what travels with `weft` where maturin takes it into the wheel: the pre-built components and the executors that are small, which
# runtime/components/build.sh and runtime/executors/build.sh have built. $WEFT_TARGET is where, if not in target/.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILT=${WEFT_TARGET:-$HERE/../../target}
SHARE=$HERE/weftwork.data/data/share/weft

rm -rf "$SHARE/components" "$SHARE/executors"
mkdir -p "$SHARE/components" "$SHARE/executors"
for world in "$HERE"/../components/*/wit/world.wit; do
    cp "$BUILT/components/$(basename "$(dirname "$(dirname "$world")")").wasm" "$SHARE/components/"
done
cp "$BUILT/components/onnx-ml.wasm" "$SHARE/components/"
cp "$BUILT/executors/python.wasm" "$BUILT/executors/shell.wasm" "$SHARE/executors/"
