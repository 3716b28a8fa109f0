#!/usr/bin/env bash
# Runs the unit tests of the guests and of the helper packages, each with its language's own tools and without a runtime. Needs a C
# compiler, Python 3.11 or newer and cargo. Among them is the test that each trainer gives expected.json.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
EXAMPLES=$(dirname "$HERE")
REPO=$(dirname "$EXAMPLES")
OUT="$REPO/target/guest-tests"
mkdir -p "$OUT"
# shellcheck source=guest-examples/polyglot/node.sh
. "$HERE/node.sh"

say() { printf '== %s\n' "$*" >&2; }

say 'C'
c_test() {
    local name=$1
    shift
    "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -g -O1 -ffp-contract=off -o "$OUT/$name" "$@" -lm
}
c_test helper -I "$EXAMPLES/c/trainer/bindings" "$EXAMPLES/helpers/c/test/test.c"
"$OUT/helper"
cd "$EXAMPLES/c/trainer"
c_test trainer test/test.c table.c examples.c logistic.c
"$OUT/trainer" "$EXAMPLES/penguins/data/penguins.csv" "$HERE/expected.json"
cd "$EXAMPLES/c/statistics"
c_test statistics test/test.c moments.c
"$OUT/statistics"

say 'Python'
for package in "$EXAMPLES/helpers/python" "$EXAMPLES/python/trainer" "$EXAMPLES/python/features"; do
    (cd "$package" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. python3 -m unittest discover tests)
done

say 'JavaScript'
(cd "$EXAMPLES/helpers/js" && node --test --test-reporter=dot test/)
(cd "$EXAMPLES/js" && node --test --test-reporter=dot trainer/test/ comparison/test/)

say 'Rust'
cd "$EXAMPLES"
CARGO_TARGET_DIR="$REPO/target/guest-tests/rust" cargo test --quiet --locked --workspace
