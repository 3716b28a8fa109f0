#!/usr/bin/env bash
# Measures `weft serve` beside `mlflow server` and `kfp.local`: makes an environment with mlflow below target (850 MB; WEFT_BENCH_MLFLOW names a
# Python that has it already), and runs the benchmark `serve`. Run `bash tests/run.sh` before, which makes what else it needs.
# WEFT_BENCH_PROFILE=release measures the program as it is shipped; `dev`, in which what weft stands on is optimised, is built sooner.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ -z "${WEFT_BENCH_MLFLOW:-}" ]; then
    folder=target/mlflow-venv
    if ! [ -x "$folder/bin/mlflow" ]; then
        python3 -m venv "$folder"
        "$folder/bin/pip" install --quiet --disable-pip-version-check -r tests/benches/requirements-mlflow.txt
    fi
    WEFT_BENCH_MLFLOW=$PWD/$folder/bin/python
fi
export WEFT_BENCH_MLFLOW
exec cargo bench --profile "${WEFT_BENCH_PROFILE:-dev}" -p weft-cli --bench serve -- "$@"
