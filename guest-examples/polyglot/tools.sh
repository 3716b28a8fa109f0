# shellcheck shell=bash
# To be sourced, with TOOLS set: what scripts have in common that build with the tools in target/guest-tools.

TOOLS_REQUIREMENTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/requirements.txt

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

# Runs a command without a sound; when it fails, what it said goes to standard error.
quietly() {
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
    cat "$log" >&2
    rm -f "$log"
    return 1
}

# One at a time: another run waits, and then finds this one's work.
one_at_a_time() {
    mkdir -p "$TOOLS"
    if command -v flock >/dev/null; then
        exec 8>"$TOOLS/lock"
        flock 8
    fi
}

need_python_tools() {
    if cmp -s "$TOOLS_REQUIREMENTS" "$TOOLS/python/requirements.txt"; then return; fi
    local python
    for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then break; fi
        python=''
    done
    [ -n "$python" ] || fail 'there is no Python 3.10 or newer with venv' 'install it, on Debian with `apt install python3-venv`'
    echo 'installing the tools for Python and C' >&2
    rm -rf "$TOOLS/python"
    "$python" -m venv "$TOOLS/python"
    quietly "$TOOLS/python/bin/pip" install --disable-pip-version-check -r "$TOOLS_REQUIREMENTS" ||
        fail 'the tools for Python and C could not be installed' 'pip needs the network the first time'
    cp "$TOOLS_REQUIREMENTS" "$TOOLS/python/"
}

# The tools under the names by which `weft build` looks for them below WEFT_TOOLS, which is to be $TOOLS/author.
name_tools_for_weft() {
    local package
    mkdir -p "$TOOLS/author"
    for package in $(sed -n 's/^\([a-z-]*\)==/\1-/p' "$TOOLS_REQUIREMENTS"); do ln -sfn ../python "$TOOLS/author/$package"; done
    touch "$TOOLS/python/complete"
}
