#!/usr/bin/env bash
# Runs the tests of the executors that need no WebAssembly.
#
#   runtime/executors/test.sh [NAME]...
#
# Each is a folder here with a test.sh of its own; without a name, those of all are run.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/each.sh" test.sh "$@"
