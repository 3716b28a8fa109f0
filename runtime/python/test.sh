#!/usr/bin/env bash
# Tests the Python package with a `weft` that is built already: the one that $WEFT_BINARY names, else target/debug/weft, with the components and
# executors that are in target/. Needs Python 3.11 or newer and Rust; pip fetches the rest. Arguments go to pytest; with `--environment` only what pip
# fetches is made ready.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILT=$(realpath "${WEFT_TARGET:-$HERE/../../target}")
FOLDER=${WEFT_PYTHON_TESTS:-$HERE/../../target/python-tests}

export WEFT_BINARY=${WEFT_BINARY:-$BUILT/debug/weft}
export WEFT_EXECUTORS=$BUILT/executors WEFT_COMPONENTS=$BUILT/components
export WEFT_CACHE=${WEFT_CACHE:-$BUILT/compiled} WEFT_TOOLS=${WEFT_TOOLS:-$BUILT/guest-tools/author}
if [ "${1-}" != --environment ] && [ ! -x "$WEFT_BINARY" ]; then
    printf 'error: %s is not there\nhint: `cargo build -p weft-cli`, or name another with WEFT_BINARY\n' "$WEFT_BINARY" >&2
    exit 2
fi

if ! cmp -s "$HERE/requirements.txt" "$FOLDER/requirements.txt"; then
    python=""
    for candidate in python3.11 python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "error: no Python 3.11 or newer with the venv module was found" >&2
        exit 2
    fi
    rm -rf "$FOLDER"
    "$python" -m venv "$FOLDER"
    "$FOLDER/bin/pip" install --quiet --disable-pip-version-check --no-compile -r "$HERE/requirements.txt"
    cp "$HERE/requirements.txt" "$FOLDER/"
fi
if [ "${1-}" = --environment ]; then exit; fi

PATH=$FOLDER/bin:$PATH
export PATH PYTHONPATH=$HERE/src

WEFT_TARGET=$BUILT "$HERE/shipped.sh"
cd "$HERE"
ruff check --quiet --no-cache
ruff format --check --quiet --no-cache
mypy --python-version 3.10 --cache-dir "$FOLDER/mypy" --no-error-summary
exec python -m pytest -q -n 2 -W ignore -p no:cacheprovider "${@:-tests}"
