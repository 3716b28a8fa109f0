#!/usr/bin/env bash
# Compiles pipeline.py with the KFP SDK and runs it on the Palmer penguins. Builds weft if need be. Needs rustup's Rust,
# a C compiler and Python 3 with venv; pip fetches the SDK and, once on a machine, the executor with pandas and scikit-learn. Arguments go to
# `weft run`: `bash guest-examples/kfp/run.sh -p seed=8`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cd "$repo"

if [ ! -x target/debug/weft ]; then
    echo "building weft: the first time takes some minutes" >&2
fi
# Builds weft as well.
bash runtime/executors/build.sh python science

sdk=target/kfp-sdk
if ! cmp -s "$here/requirements.txt" "$sdk/requirements.txt"; then
    echo "fetching the KFP SDK" >&2
    rm -rf "$sdk"
    python3 -m venv "$sdk"
    "$sdk/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$sdk/"
fi
"$sdk/bin/python" -W ignore "$here/pipeline.py" target/penguins-by-sex.yaml
exec target/debug/weft run target/penguins-by-sex.yaml -w "data=guest-examples/penguins/data/penguins.csv" "$@"
