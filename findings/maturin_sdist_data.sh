#!/usr/bin/env bash
# maturin 1.16.0: where `manifest-path` leads to a crate in another folder than pyproject.toml's, a source distribution lacks the folder that `[tool.maturin] data` names, and no wheel can be built from
# it, although a wheel that is built from the checkout has it, and the source distribution has the Python sources. It is there if `include` names it again. Guess: what goes into a wheel is in the
# source distribution. Needs cargo.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages maturin==1.16.0
mkdir -p rust/src python/src/tool python/tool.data/data/share/tool
echo 'fn main() {}' >rust/src/main.rs
printf '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n' >rust/Cargo.toml
cd python
touch src/tool/__init__.py
echo shared >tool.data/data/share/tool/file.txt
# Whether the file is in a wheel, the package and the file in a source distribution, and what comes of that.
built() {
    rm -rf dist
    printf '[build-system]\nrequires = ["maturin==1.16.0"]\nbuild-backend = "maturin"\n[project]\nname = "tool"\ndynamic = ["version"]\n' >pyproject.toml
    printf '[tool.maturin]\nbindings = "bin"\nmanifest-path = "../rust/Cargo.toml"\npython-source = "src"\ndata = "tool.data"\n%s\n' "$1" >>pyproject.toml
    maturin build --out dist >/dev/null 2>&1
    maturin sdist --out dist >/dev/null 2>&1
    printf 'wheel %s, ' "$(python -m zipfile -l dist/*.whl | grep -c share/tool/file.txt)"
    printf 'source %s %s, ' "$(tar tzf dist/*.tar.gz | grep -c tool/__init__.py)" "$(tar tzf dist/*.tar.gz | grep -c share/tool/file.txt)"
    if pip wheel --no-deps --wheel-dir dist/again dist/*.tar.gz >log 2>&1; then
        echo "wheel of it $(python -m zipfile -l dist/again/*.whl | grep -c share/tool/file.txt)"
    else
        grep -o 'No such data directory' log | head -1
    fi
}
expect 'maturin 1.16.0' "$(built '')" 'wheel 1, source 1 0, No such data directory'
# shellcheck disable=SC2016
expect 'with `include`' "$(built 'include = [{ path = "tool.data/**/*", format = "sdist" }]')" 'wheel 1, source 1 1, wheel of it 1'
