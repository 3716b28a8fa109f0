#!/usr/bin/env bash
# Builds the python runner, CPython with kfp as a program, as target/executors/python.wasm.
#
# The compiler is the one of the Python components, in target/guest-tools, in the version that guest-examples/polyglot names; needed is
# Python 3.10 or newer with venv. What is as it was is not built again.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
TOOLS="$REPO/target/guest-tools"
TOOLS_REQUIREMENTS="$REPO/guest-examples/polyglot/requirements.txt"
KEPT="$REPO/target/executors/python.wasm"
WORK="$REPO/target/executors/python-build"

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

# Runs a command without a sound; when it fails, what it said goes to standard error.
quietly() {
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
    cat "$log" >&2
    rm -f "$log"
    return 1
}

# One digest of the names and contents of all that the component is made of.
inputs() {
    (
        cd "$REPO"
        find "$HERE/app" "$HERE/wit" "$HERE/build.sh" "$HERE/requirements.txt" "$TOOLS_REQUIREMENTS" -type f ! -path '*/__pycache__/*' -print0 |
            sed -z "s|^$REPO/||" | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
    )
}

need_tools() {
    if cmp -s "$TOOLS_REQUIREMENTS" "$TOOLS/python/requirements.txt"; then return; fi
    local python
    for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then break; fi
        python=''
    done
    [ -n "$python" ] || fail 'there is no Python 3.10 or newer with venv' 'install it, on Debian with `apt install python3-venv`'
    echo 'installing the tools for Python' >&2
    rm -rf "$TOOLS/python"
    "$python" -m venv "$TOOLS/python"
    quietly "$TOOLS/python/bin/pip" install --disable-pip-version-check -r "$TOOLS_REQUIREMENTS" ||
        fail 'the tools for Python could not be installed' 'pip needs the network the first time'
    cp "$TOOLS_REQUIREMENTS" "$TOOLS/python/"
}

need_kfp() {
    if cmp -s "$HERE/requirements.txt" "$WORK/packages/requirements.txt"; then return; fi
    echo 'fetching kfp' >&2
    rm -rf "$WORK/packages"
    # Without what it depends on: its executor needs the standard library only.
    quietly "$TOOLS/python/bin/pip" install --disable-pip-version-check --no-deps --no-compile --target "$WORK/packages" \
        -r "$HERE/requirements.txt" || fail 'kfp could not be fetched' 'pip needs the network the first time'
    cp "$HERE/requirements.txt" "$WORK/packages/"
}

mkdir -p "$TOOLS" "$WORK"
# One at a time: another run waits, and then finds this one's work.
if command -v flock >/dev/null; then
    exec 8>"$TOOLS/lock"
    flock 8
fi
wanted=$(inputs)
if [ -e "$KEPT" ] && [ "$(cat "$WORK/inputs" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
start=$SECONDS
need_tools
need_kfp
# A copy, because the compiler leaves files beside the sources.
rm -rf "$WORK/app"
cp -R "$HERE/app" "$WORK/app"
(
    cd "$WORK"
    quietly "$TOOLS/python/bin/componentize-py" -d "$HERE/wit" -w python componentize app -p app -p packages -o python.wasm
) || fail 'target/executors/python.wasm could not be built' "the tool's own message stands above"
mv "$WORK/python.wasm" "$KEPT"
echo "$wanted" >"$WORK/inputs"
printf 'built target/executors/python.wasm (%s KB, %s s)\n' "$(($(wc -c <"$KEPT") / 1024))" "$((SECONDS - start))" >&2
