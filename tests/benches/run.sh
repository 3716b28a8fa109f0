#!/usr/bin/env bash
# Measures weft beside what people use today, each pair in the same run, and writes target/benches/report.{json,md,svg}.
#
#   bash tests/benches/run.sh [steps] [peers] [job] [compute] [data] [scale]
#
# Without a group, all are measured: some fifteen minutes after everything is built. It measures a release build, or the program that $WEFT
# names. numpy and other
# engines are installed into environments of their own in target/benches.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ -z "${WEFT:-}" ]; then
    cargo build --quiet --release --locked -p weft-cli
    WEFT=$PWD/target/release/weft
fi
export WEFT
bash guest-examples/build.sh tests/benches/guest
for version in 2 3; do
    RUSTFLAGS="-C target-cpu=x86-64-v$version" cargo build --quiet --release --manifest-path tests/benches/kernels/Cargo.toml --target-dir "target/benches/v$version"
done
exec python3 tests/benches/suite/main.py "$@"
