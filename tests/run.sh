#!/usr/bin/env bash
# Runs all tests: builds the guest components, makes the Python environments of the software that is tested against, and
# runs every test of the workspace. Needs git, rustup's Rust, Python 3.11 (or 3.9 or 3.10, and a newer one), a C compiler and make; all else it fetches.
# Arguments are handed to the test runner: `bash tests/run.sh penguins` runs the tests whose names hold "penguins".
#
# With WEFT_TEST_LINT=1 it also looks for warnings of clippy, while it builds the tests.
#
# What cannot be built or fetched ends it at once. A test that fails does not: all others run, and the status at the end tells.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# With the minutes and seconds since the start, so that a log tells where the time went.
say() { printf '== %d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2; }

# A virtual environment with what a requirements file names, made anew when that file changes.
environment() {
    local folder=$1 requirements=$2 python=""
    if cmp -s "$requirements" "$folder/requirements.txt"; then return; fi
    for candidate in python3.11 python3.10 python3.9 python3; do
        if "$candidate" -c 'import sys, venv; sys.exit(not (3, 9) <= sys.version_info < (3, 12))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        say "no Python 3.9 to 3.11 with the venv module was found; the ML Metadata client has no build for other versions"
        exit 2
    fi
    say "making $folder with $("$python" --version)"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --no-compile -r "$requirements"
    cp "$requirements" "$folder/requirements.txt"
}

# What `weft build` calls, for the tests of it: the tools of the guests.
authoring_tools() {
    local REPO=$PWD TOOLS=$PWD/target/guest-tools modules
    # shellcheck source=guest-examples/polyglot/tools.sh
    . guest-examples/polyglot/tools.sh
    # shellcheck source=guest-examples/polyglot/node.sh
    . guest-examples/polyglot/node.sh
    name_tools_for_weft
    ln -sfn ../../guest-toolchain "$TOOLS/author/rust"
    modules=$TOOLS/author/node_modules
    if [ ! -L "$modules" ]; then rm -rf "$modules"; fi
    ln -sfn ../js/node_modules "$modules"
}

# What drives a browser over the page, as npm's lock file has it, fetched anew when that changes.
page_tests() {
    local folder=target/page-tests
    if cmp -s "$folder/package-lock.json" tests/page/package-lock.json; then return; fi
    say "fetching what drives a browser"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp tests/page/package.json tests/page/package-lock.json "$folder/"
    if ! (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts); then
        rm -rf "$folder"
        return 1
    fi
}

environments() {
    environment target/test-venv tests/requirements-mlmd.txt
    environment target/kfp-venv tests/requirements-kfp.txt
    environment target/attest-venv tests/requirements-attest.txt
    environment target/oras-venv tests/requirements-oras.txt
    environment target/objects-venv tests/requirements-objects.txt
    bash runtime/python/test.sh --environment
}

# The lints look at what is compiled anyway, rather than in a build of their own. Programs that tests start know nothing of it.
lint=()
if [ -n "${WEFT_TEST_LINT:-}" ]; then lint=(--config 'build.rustc-workspace-wrapper="clippy-driver"'); fi

# Builds all tests of weft, and what is not run here but linted: the benchmarks.
build_weft() { cargo test --workspace --all-targets --no-run --quiet "${lint[@]}"; }

# Runs them, or with arguments those that these choose.
weft_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        # Many wait for servers, timers and browsers: with a test for each processor a third of the processors' time went unused.
        NEXTEST_TEST_THREADS=${NEXTEST_TEST_THREADS:-$((($(nproc) * 3 + 1) / 2))} cargo nextest run --workspace --no-fail-fast "${lint[@]}" "$@"
    # The built-in runner does the same, one test program after the other.
    else
        cargo test --workspace --no-fail-fast --quiet "${lint[@]}" -- "$@"
    fi
}

# Beside each other: the environments mostly wait for the network, and weft and the guests each have stretches that keep one core at work.
environments &
environments=$!
build_weft &
host=$!
trap 'kill "$environments" "$host" 2>/dev/null || true' EXIT

say "building weft and its tests, and beside them the guests"
bash guest-examples/build.sh
say "building the guests in Python and JavaScript"
bash guest-examples/polyglot/build.sh python js
say "building the pre-built components"
bash runtime/components/build.sh
say "building the executors"
bash runtime/executors/build.sh
say "waiting for weft"
wait "$host"
say "building the guests in C"
# By the program that is tested: Cargo alone would build another beside what the lints compile.
export WEFT_BINARY=$PWD/target/debug/weft
bash guest-examples/polyglot/build.sh c
# The executors with the scientific stack take minutes and gigabytes; without them, the tests of `tests/science.rs` pass over what needs them.
# They are compiled to where tests look for compiled components.
if [ -n "${WEFT_TEST_SCIENCE:-}" ]; then WEFT_CACHE=$PWD/target/compiled bash runtime/executors/build.sh science boosting; fi

authoring_tools
page_tests
wait "$environments"
trap - EXIT

# Runs tests of one kind, and remembers that some failed.
failed=()
run_tests() {
    local what=$1
    shift
    say "testing $what"
    "$@" || failed+=("$what")
}

# What the compiler said while it built the tests, which Cargo tells again. What Cargo itself warns of is no matter of the code.
no_warnings() {
    local said status=0
    said=$(cargo test --workspace --all-targets --no-run "${lint[@]}" 2>&1) || status=$?
    if [ "$status" -ne 0 ] || [[ $said == *" generated "*" warning"* ]]; then
        printf '%s\n' "$said" >&2
        return 1
    fi
}

kfp() { target/kfp-venv/bin/python -W ignore "tests/kfp/$1.py" target/kfp-tests; }

# What has nothing to do with the program. It has stretches that keep one core at work, and the tests of weft wait for servers, timers and browsers, so that
# they run beside each other; what this says comes when both are done.
natively() {
    failed=()
    run_tests "the guests by themselves" bash guest-examples/polyglot/test.sh
    run_tests "the pre-built components by themselves" bash runtime/components/test.sh
    run_tests "the executors by themselves" bash runtime/executors/test.sh
    [ ${#failed[@]} -eq 0 ]
}

said=$(mktemp)
natively >"$said" 2>&1 &
natively=$!
run_tests "the Python package" bash runtime/python/test.sh
run_tests "that KFP compiles its pipelines" kfp compile
run_tests "what KFP's own runner makes of them" kfp local
run_tests weft weft_tests "$@"
wait "$natively" || failed+=("the guests, the pre-built components and the executors by themselves")
cat "$said" >&2
rm "$said"
if [ -n "${WEFT_TEST_LINT:-}" ]; then run_tests "that nothing is warned of" no_warnings; fi

if ! compgen -G 'target/executors/science-*/science.wasm' >/dev/null; then
    say "passed over: the science executor is not installed; WEFT_TEST_SCIENCE=1 has it built and its tests run"
fi
if ! command -v docker-registry >/dev/null; then
    say "passed over: there is no docker-registry to push to and pull from; Debian's package of that name has it"
fi
if [ ${#failed[@]} -gt 0 ]; then
    for what in "${failed[@]}"; do say "failed: $what"; done
    exit 1
fi
