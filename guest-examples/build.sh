#!/usr/bin/env bash
# Builds guest components written in Rust and collects them as target/components/NAME.wasm, NAME being the package's name.
#
#   guest-examples/build.sh [DIR...]
#
# Each DIR is a guest crate or a workspace of guest crates; without one, everything in guest-examples and tests/guests is built.
# What is up to date is not built again.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(dirname "$HERE")
TARGET=wasm32-wasip2
COMPONENTS="$REPO/target/components"

if [ $# -eq 0 ]; then set -- "$HERE" "$REPO/tests/guests"; fi

environment=$("$HERE/toolchain.sh")
eval "$environment"
# One for all guests, so that what they share is compiled once, and apart from the host's, so that neither waits for the other.
export CARGO_TARGET_DIR="$REPO/target/guests"

package_name() { sed -n '/^\[package\]/,/^\[/s/^name *= *"\(.*\)"/\1/p' "$1/Cargo.toml"; }

# Copies a finished component under its package's name, in one step and only if it changed.
collect() {
    local name=$1 built="$CARGO_TARGET_DIR/$TARGET/release/${1//-/_}.wasm" kept="$COMPONENTS/$1.wasm"
    if [ ! -e "$built" ]; then
        echo "error: $name gave no component: its Cargo.toml needs crate-type = [\"cdylib\"] under [lib], or a [[bin]]" >&2
        return 1
    fi
    if cmp -s "$built" "$kept"; then return 0; fi
    cp "$built" "$kept.$$"
    mv "$kept.$$" "$kept"
    printf 'built %s (%s KB)\n' "target/components/$name.wasm" "$(($(wc -c <"$kept") / 1024))" >&2
}

mkdir -p "$COMPONENTS"
for dir in "$@"; do
    dir=$(cd "$dir" && pwd)
    printf 'building guests in %s\n' "${dir#"$REPO"/}" >&2
    (cd "$dir" && cargo build --quiet --locked --release --target "$TARGET")
    if name=$(package_name "$dir") && [ -n "$name" ]; then collect "$name"; fi
    # A workspace holds guests, and may hold libraries that they share.
    for crate in "$dir"/*/ "$dir"/*/*/; do
        if grep -qs -e '^crate-type.*"cdylib"' -e '^\[\[bin\]\]' "$crate/Cargo.toml"; then collect "$(package_name "$crate")"; fi
    done
done
