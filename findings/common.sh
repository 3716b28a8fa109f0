# What findings share; sourced. A temporary folder that is removed at the end, a Python environment in it with pinned packages, and the comparison.
set -euo pipefail

FINDINGS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
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

# modules NAME@VERSION...: installs them where Node.js finds them from the folder's own scripts.
modules() {
    echo '{}' >package.json
    npm install --silent --no-audit --no-fund "$@" >/dev/null
}

# expect WHAT IS SHOULD: fails if the second is not the third.
expect() {
    printf '%s: %s\n' "$1" "$2"
    if [ "$2" != "$3" ]; then
        printf 'it was: %s\n' "$3" >&2
        exit 1
    fi
}

# tfdv: TFDV 1.21.0 in an environment of its own (2.6 GB), or that of a folder that FINDINGS_TFDV names. Where it cannot be installed, the finding is
# passed over.
tfdv() {
    if [ -n "${FINDINGS_TFDV:-}" ]; then
        PATH="$FINDINGS_TFDV/bin:$PATH"
        return
    fi
    packages pip
    # shellcheck source=../runtime/components/data-validation/tests/tfdv/glibc.sh
    . "$FINDINGS/../runtime/components/data-validation/tests/tfdv/glibc.sh"
    if ! newer_glibc "$FOLDER/env" "$FOLDER/glibc"; then
        echo 'passed over: TFDV 1.21.0 needs glibc 2.38, or a Debian 12 to fetch that of Debian 13 from'
        exit 0
    fi
    python -m pip install --quiet --disable-pip-version-check tensorflow-data-validation==1.21.0 tfx-bsl==1.21.0 tensorflow==2.21.0 numpy==2.3.5
}
