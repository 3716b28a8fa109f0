# What findings share; sourced. A temporary folder that is removed at the end, a Python environment in it with pinned packages, and the comparison.
set -euo pipefail

FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"

# packages NAME==VERSION...: installs them into a new environment whose interpreter is then `python`.
packages() {
    local candidate
    for candidate in python3.11 python3.12 python3.10 python3; do
        if command -v "$candidate" >/dev/null; then break; fi
    done
    "$candidate" -m venv env
    env/bin/pip install --quiet --disable-pip-version-check "$@"
    PATH="$FOLDER/env/bin:$PATH"
}

# expect WHAT IS SHOULD: fails if the second is not the third.
expect() {
    printf '%s: %s\n' "$1" "$2"
    if [ "$2" != "$3" ]; then
        printf 'it was: %s\n' "$3" >&2
        exit 1
    fi
}
