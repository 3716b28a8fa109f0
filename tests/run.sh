#!/usr/bin/env bash
# Runs all tests: builds the guest components, makes the Python environments of the software that is tested against, and
# runs every test of the workspace. Needs git, rustup's Rust, Python 3.9 to 3.11 and a C compiler; all else it fetches.
# Arguments are handed to the test runner: `bash tests/run.sh penguins` runs the tests whose names hold "penguins".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s\n' "$*" >&2; }

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
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$folder/requirements.txt"
}

# What `weft build` calls, for the tests of it: the tools of the guests under the names by which weft looks for them, and what a new
# component in JavaScript needs.
authoring_tools() {
    local tools=target/guest-tools/author package=runtime/author/templates/js/package.json name
    mkdir -p "$tools"
    ln -sfn ../../guest-toolchain "$tools/rust"
    for name in componentize-py-0.25.1 ziglang-0.17.1; do ln -sfn ../python "$tools/$name"; done
    touch target/guest-tools/python/complete
    # shellcheck source=guest-examples/polyglot/node.sh
    REPO=$PWD . guest-examples/polyglot/node.sh
    if cmp -s "$package" "$tools/installed.json"; then return; fi
    say "installing what new components in JavaScript need"
    sed 's/{{name}}/author/' "$package" >"$tools/package.json"
    (cd "$tools" && npm install --silent --no-audit --no-fund)
    cp "$package" "$tools/installed.json"
}

environment target/test-venv tests/requirements-mlmd.txt
environment target/kfp-venv tests/requirements-kfp.txt

bash guest-examples/build.sh
bash guest-examples/polyglot/build.sh python js c
bash runtime/executors/build.sh

authoring_tools

say "compiling the pipelines of KFP, and running them with its own runner"
for script in compile local; do target/kfp-venv/bin/python -W ignore "tests/kfp/$script.py" target/kfp-tests; done

say "testing the guests by themselves"
bash guest-examples/polyglot/test.sh
bash runtime/executors/test.sh

say "testing weft"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace "$@"
else
    # The built-in runner does the same, one test program after the other.
    cargo test --workspace --quiet -- "$@"
fi
