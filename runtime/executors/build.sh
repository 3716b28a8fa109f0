#!/usr/bin/env bash
# Builds the executors, the programs that run in place of a container's, as target/executors/NAME.wasm.
#
#   runtime/executors/build.sh [NAME]...
#
# Each is a folder here with a build.sh of its own; without a name, all are built but `science` and `boosting`, which take minutes. What is as it was is not
# built again.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/each.sh" build.sh "$@"
