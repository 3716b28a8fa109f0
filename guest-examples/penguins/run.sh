#!/usr/bin/env bash
# Builds weft, the example component and the pre-built ones that it uses, and runs the example on the real data. Needs git, rustup's Rust, Python 3 and a C
# compiler; all else it fetches. Arguments go to `weft run`: `bash guest-examples/penguins/run.sh -p seed=8`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cd "$repo"

if [ ! -x target/debug/weft ]; then
    echo "building weft: the first time takes some minutes" >&2
fi
# Side by side with weft: the first time, each has stretches in which it keeps only one core at work.
components=runtime/components
bash guest-examples/build.sh guest-examples/penguins "$components/statistics-gen" "$components/import-schema-gen" "$components/example-validator" &
guests=$!
# On a terminal cargo shows how far it is; elsewhere a line is enough.
if [ -t 2 ]; then cargo build --locked --package weft-cli; else cargo build --quiet --locked --package weft-cli; fi
wait "$guests"
exec target/debug/weft run "$here/pipeline.yaml" "$@"
