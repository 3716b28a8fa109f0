#!/usr/bin/env bash
# Runs the unit tests of the guests and of the helper packages, each with its language's own tools and without a runtime. Needs make, a C
# compiler, Python 3.11 or newer and cargo. Among them is the test that each trainer gives expected.json.
#
#   guest-examples/polyglot/test.sh [c|python|js|rust]...
#
# Without a language, all are tested, whether or not another one's tests fail.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
EXAMPLES=$(dirname "$HERE")
REPO=$(dirname "$EXAMPLES")
OUT="$REPO/target/guest-tests"
status=0

if [ $# -eq 0 ]; then set -- c python js rust; fi
if [ $# -gt 1 ]; then
    for language in "$@"; do "$HERE/test.sh" "$language" || status=1; done
    exit $status
fi

mkdir -p "$OUT"
printf '== %s\n' "$1" >&2
case $1 in
c)
    # The header stands on bindings, which are made when a component is.
    "$HERE/build.sh" c
    "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -g -O1 -o "$OUT/helper" -I "$EXAMPLES/c/trainer/build/bindings" "$EXAMPLES/helpers/c/test/test.c" -lm
    "$OUT/helper" || status=1
    for component in trainer statistics; do make --no-print-directory --silent -C "$EXAMPLES/c/$component" test || status=1; done
    ;;
python)
    for package in helpers/python python/trainer python/features; do
        (cd "$EXAMPLES/$package" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. python3 -m unittest discover tests) || status=1
    done
    ;;
js)
    # shellcheck source=guest-examples/polyglot/node.sh
    . "$HERE/node.sh"
    for package in helpers/js js/trainer js/comparison; do
        (cd "$EXAMPLES/$package" && node --test --test-reporter=dot test/) || status=1
    done
    ;;
rust)
    cd "$EXAMPLES"
    CARGO_TARGET_DIR="$REPO/target/guest-tests/rust" cargo test --quiet --locked --workspace --no-fail-fast
    ;;
*)
    echo "error: $1 is none of the languages: c, python, js, rust" >&2
    exit 2
    ;;
esac
exit $status
