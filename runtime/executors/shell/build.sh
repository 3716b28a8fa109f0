#!/usr/bin/env bash
# Builds the shell runner: target/executors/shell.wasm. What is up to date is not built again.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
TARGET=wasm32-wasip2
KEPT="$REPO/target/executors/shell.wasm"

environment=$("$REPO/guest-examples/toolchain.sh")
eval "$environment"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-"$REPO/target/guests"}"

(cd "$HERE" && cargo build --quiet --locked --release --target "$TARGET")
built="$CARGO_TARGET_DIR/$TARGET/release/shell.wasm"
mkdir -p "$(dirname "$KEPT")"
if ! cmp -s "$built" "$KEPT"; then
    # In one step, so that no run meets half a component.
    cp "$built" "$KEPT.$$"
    mv "$KEPT.$$" "$KEPT"
    printf 'built %s (%s KB)\n' "${KEPT#"$REPO"/}" "$(($(wc -c <"$KEPT") / 1024))" >&2
fi
