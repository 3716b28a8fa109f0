#!/usr/bin/env bash
# Builds the components in Python, JavaScript and C, and with guest-examples/build.sh those in Rust, as target/components/NAME.wasm.
#
#   guest-examples/polyglot/build.sh [rust|python|js|c]...
#
# Without a language, all are built. The tools are installed into target/guest-tools, in the versions that requirements.txt and
# js/package-lock.json name; needed are Python 3.10 or newer with venv, and make for C. Where there is no Node.js 20 or newer, that is
# installed there too. Those in C are built by `weft build`, and weft before them unless WEFT_BINARY names it. A component whose inputs are
# as they were is not built again.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
EXAMPLES=$(dirname "$HERE")
REPO=$(dirname "$EXAMPLES")
WIT="$HERE/wit"
TOOLS="$REPO/target/guest-tools"
COMPONENTS="$REPO/target/components"
# The compiler's caches stay inside as well.
export ZIG_GLOBAL_CACHE_DIR="$TOOLS/zig-cache" ZIG_LOCAL_CACHE_DIR="$TOOLS/zig-cache" npm_config_update_notifier=false

# shellcheck source=guest-examples/polyglot/tools.sh
. "$HERE/tools.sh"

# One digest of files and folders of the repository: of their names and contents, without what tools leave there.
digest() {
    (
        cd "$REPO"
        find -L "${@#"$REPO"/}" -type f ! -path '*/__pycache__/*' ! -path '*/node_modules/*' ! -path '*/test/*' ! -path '*/tests/*' -print0 |
            LC_ALL=C sort -z | xargs -0 sha256sum
    ) | sha256sum | cut -d ' ' -f 1
}

# component NAME COMMAND INPUT...: runs the command, with the file to write as its last argument, unless the inputs are as they were.
component() {
    local name=$1 recipe=$2 kept="$COMPONENTS/$1.wasm" new="$TOOLS/new/$1.wasm" inputs
    shift 2
    inputs=$(digest "$HERE/build.sh" "$WIT" "$@")
    if [ -e "$kept" ] && [ "$(cat "$TOOLS/inputs/$name" 2>/dev/null)" = "$inputs" ]; then return; fi
    local start=$SECONDS
    mkdir -p "$TOOLS/new" "$TOOLS/inputs" "$COMPONENTS"
    "$recipe" "$name" "$new" || fail "target/components/$name.wasm could not be built" "the tool's own message stands above"
    mv "$new" "$kept"
    echo "$inputs" >"$TOOLS/inputs/$name"
    printf 'built %s (%s KB, %s s)\n' "target/components/$name.wasm" "$(($(wc -c <"$kept") / 1024))" "$((SECONDS - start))" >&2
}

# ---- the tools ------------------------------------------------------------------------------------------------------------------------

# The JavaScript sources are built from a copy, so that no node_modules comes to lie among them.
need_js_tools() {
    # shellcheck source=guest-examples/polyglot/node.sh
    . "$HERE/node.sh"
    mkdir -p "$TOOLS/js" "$TOOLS/helpers"
    (cd "$TOOLS/js" && find . -mindepth 1 -maxdepth 1 ! -name node_modules ! -name installed.json -exec rm -rf {} +)
    rm -rf "$TOOLS/helpers/js"
    (cd "$EXAMPLES/js" && tar --exclude=node_modules -cf - .) | tar -C "$TOOLS/js" -xf -
    cp -R "$EXAMPLES/helpers/js" "$TOOLS/helpers/js"
    if cmp -s "$EXAMPLES/js/package-lock.json" "$TOOLS/js/installed.json"; then return; fi
    echo 'installing the tools for JavaScript' >&2
    # Not `npm ci`: it refuses a lock that lacks packages for other platforms, which not every registry serves.
    (cd "$TOOLS/js" && quietly npm install --no-save --no-audit --no-fund) ||
        fail 'the tools for JavaScript could not be installed' 'npm needs the network the first time'
    cp "$EXAMPLES/js/package-lock.json" "$TOOLS/js/installed.json"
}

jco() { (cd "$TOOLS/js" && quietly node_modules/.bin/jco "$@"); }

# ---- one recipe for each language: NAME OUT -------------------------------------------------------------------------------------------

python_component() {
    (
        cd "$EXAMPLES/python/${1%-python}"
        quietly "$TOOLS/python/bin/componentize-py" -d "$WIT" -w "${1%-python}" componentize app -p . -p "$EXAMPLES/helpers/python" -o "$2"
    )
}

js_component() {
    local world=${1%-js}
    jco componentize "$world/app.js" --bundle --bundle-config rolldown.config.js --wit "$WIT" -n "$world" --disable all -o "$2"
}

c_component() {
    local weft=${WEFT_BINARY:-$REPO/target/debug/weft}
    if [ -z "${WEFT_BINARY:-}" ]; then
        if [ ! -x "$weft" ]; then echo 'building weft: the first time takes some minutes' >&2; fi
        (cd "$REPO" && CARGO_TARGET_DIR=target cargo build --quiet --locked --package weft-cli) || return
    fi
    WEFT_TOOLS="$TOOLS/author" quietly "$weft" build "$EXAMPLES/c/${1%-c}" --output "$2"
}

# ---------------------------------------------------------------------------------------------------------------------------------------

if [ $# -eq 0 ]; then set -- rust python js c; fi
one_at_a_time
for language in "$@"; do
    case $language in
    rust) "$EXAMPLES/build.sh" "$EXAMPLES" ;;
    python)
        need_python_tools
        for name in trainer features; do
            component "$name-python" python_component "$EXAMPLES/python/$name" "$EXAMPLES/helpers/python" "$HERE/requirements.txt"
        done
        ;;
    js)
        need_js_tools
        for name in trainer comparison; do
            component "$name-js" js_component "$EXAMPLES/js" "$EXAMPLES/helpers/js"
        done
        ;;
    c)
        need_python_tools
        name_tools_for_weft
        for name in trainer statistics; do
            sources=("$EXAMPLES/c/$name/Makefile" "$EXAMPLES/c/$name/src" "$EXAMPLES/helpers/c" "$REPO/runtime/author/src")
            # Bindings that someone cleaned away are wanted by the header's test.
            if [ ! -e "$EXAMPLES/c/$name/build/bindings" ]; then rm -f "$TOOLS/inputs/$name-c"; fi
            component "$name-c" c_component "${sources[@]}" "$HERE/requirements.txt"
        done
        ;;
    *) fail "$language is none of the languages" 'they are rust, python, js and c' ;;
    esac
done
