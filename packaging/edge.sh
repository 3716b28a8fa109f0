#!/usr/bin/env bash
# Builds weft for small hosts: without a compiler for components, as small as it gets, with the interpreter. It runs bundles that were made elsewhere
# with `weft bundle --aot=portable`, or `--aot=pulley` for another kind of processor.
#
#   packaging/edge.sh        target/edge/weft
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --locked --profile edge -p weft-cli --no-default-features --features interpreter
printf '%s: %s bytes\n' target/edge/weft "$(stat -c %s target/edge/weft)"
