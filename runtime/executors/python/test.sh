#!/usr/bin/env bash
# Tests the python runner on the host's Python: its command line, how programs begin and end, and KFP's functions beside what kfp's own
# executor does with them.
#
#   runtime/executors/python/test.sh [ARGUMENTS OF unittest]
#
# With WEFT_PYTHON_RUNNER, a command that runs a component with {root} as its `/`, the same tests are run on the component.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=$(cd "$HERE/../../.." && pwd)/target/kfp-venv
if [ ! -x "$VENV/bin/python" ]; then
    echo 'installing kfp for the tests' >&2
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt"
fi
cd "$HERE/tests"
PYTHONDONTWRITEBYTECODE=1 "$VENV/bin/python" -m unittest "$@"
