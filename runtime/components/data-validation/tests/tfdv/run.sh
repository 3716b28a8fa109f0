#!/usr/bin/env bash
# Holds the data side against real TFX: TFDV's answers for the tables of `tests/reference/odd.rs` are still those in `tests/data/odd`, and TFDV,
# TensorFlow, PyArrow and pandas read the files that weft's steps write of them. No part of CI: it installs 2.6 GB from PyPI and takes some
# ten minutes. `bash run.sh [FOLDER]` keeps the installation and all answers in that folder.
#
# Needs Python 3.11 and, for the reading, the pre-built components (`runtime/components/build.sh`) and weft (WEFT, or target/debug/weft). TFDV
# 1.21 needs glibc 2.38: where the machine's is older and a Debian, its Python gets that of Debian 13.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../../../.." && pwd)
weft=${WEFT:-$root/target/debug/weft}
work=${1:-$(mktemp -d)}
[ -n "${1:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
work=$(cd "$work" && pwd)

. "$here/glibc.sh"
if [ ! -e "$work/installed" ]; then
    rm -rf "$work/env"
    python3.11 -m venv --copies "$work/env"
    if ! newer_glibc "$work/env" "$work/glibc"; then
        echo 'TFDV 1.21 needs glibc 2.38, or a Debian 12 to fetch that of Debian 13 from' >&2
        exit 1
    fi
    "$work/env/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    touch "$work/installed"
fi
python=$work/env/bin/python
export TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=0

rm -rf "$work/tables" "$work/answers"
(cd "$here/../.." && cargo run --quiet --locked -p data-validation --example odd_tables "$work/tables")
# TensorFlow says much on standard error, which is shown where a script fails.
quietly() { "$python" -W ignore "$@" 2>"$work/errors.log" || { cat "$work/errors.log" >&2; exit 1; }; }
quietly "$here/answers.py" "$work/tables" "$work/answers"
diff --recursive --brief "$here/../data/odd" "$work/answers"
echo "TFDV answers as it did"

rm -rf "$work/written"
mkdir "$work/written"
cd "$work/written"
for table in 04 07 16; do
    mkdir $table
    sed "s|TABLE|$work/tables/$table.0.csv|" "$here/pipeline.yaml" >$table/pipeline.yaml
    "$weft" run $table/pipeline.yaml --store $table/store >$table/run.log 2>&1 || { cat $table/run.log; exit 1; }
    for output in tfrecord.examples parquet.examples statistics.statistics schema.schema anomalies.anomalies; do
        "$weft" artifact export "latest/$output" --store $table/store "$table/${output%.*}" >/dev/null
    done
done
quietly "$here/reads.py" "$work/written"
