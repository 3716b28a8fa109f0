#!/usr/bin/env bash
# Builds the python runner, CPython with kfp as a program, as target/executors/python.wasm.
#
# The compiler is the one of the Python components, in target/guest-tools, in the version that guest-examples/polyglot names; needed is
# Python 3.10 or newer with venv. What is as it was is not built again.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
TOOLS="$REPO/target/guest-tools"
KEPT="$REPO/target/executors/python.wasm"
WORK="$REPO/target/executors/python-build"

# shellcheck source=guest-examples/polyglot/tools.sh
. "$REPO/guest-examples/polyglot/tools.sh"

# One digest of the names and contents of all that the component is made of.
inputs() {
    (
        cd "$REPO"
        find "$HERE/app" "$HERE/wit" "$HERE/build.sh" "$HERE/requirements.txt" "$TOOLS_REQUIREMENTS" -type f ! -path '*/__pycache__/*' -print0 |
            sed -z "s|^$REPO/||" | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
    )
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

one_at_a_time
mkdir -p "$WORK"
wanted=$(inputs)
if [ -e "$KEPT" ] && [ "$(cat "$WORK/inputs" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
start=$SECONDS
need_python_tools
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
