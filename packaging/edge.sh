#!/usr/bin/env bash
# Builds weft for small hosts: without what compiles components or builds them from sources, as small as it gets, with the interpreter. It runs bundles that were
# made elsewhere with `weft bundle --aot=portable`, or `--aot=pulley` for another kind of processor. Takes some minutes and 3 GB of memory.
#
#   packaging/edge.sh        target/edge/weft
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}

# The places that are filled in when the program is loaded, packed: 2 MB less.
cargo rustc --locked --profile edge -p weft-cli --bin weft --no-default-features --features interpreter -- -C link-arg=-Wl,-z,pack-relative-relocs
# How to unwind the standard library, which nothing does.
if command -v objcopy >/dev/null; then objcopy --remove-section=.eh_frame --remove-section=.eh_frame_hdr --remove-section=.gcc_except_table "$target/edge/weft"; fi
printf '%s: %s bytes\n' "$target/edge/weft" "$(stat -c %s "$target/edge/weft")"
