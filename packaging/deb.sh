#!/usr/bin/env bash
# Makes the Debian package of a `weft` that is built already: the program, the pre-built components and the small executors, manual pages,
# completions of shells, and a unit for systemd, which is not started.
#
#   packaging/deb.sh FOLDER
#
# WEFT_BINARY names the program, target/release/weft if nothing does; components and executors are taken from target/, or $WEFT_TARGET. The
# same files give the same bytes, compressed as $WEFT_DEB_COMPRESSION says (xz). Needs dpkg-deb. Prints the package's path.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILT=${WEFT_TARGET:-$HERE/../target}
WEFT=${WEFT_BINARY:-$HERE/../target/release/weft}
if [ $# -ne 1 ]; then
    echo "usage: packaging/deb.sh FOLDER" >&2
    exit 2
fi
if ! [ -x "$WEFT" ]; then
    printf 'error: %s is not there\nhint: `cargo build --release -p weft-cli`, or name another with WEFT_BINARY\n' "$WEFT" >&2
    exit 2
fi

ROOT=$(mktemp -d)
trap 'rm -rf "$ROOT"' EXIT
chmod 755 "$ROOT"
umask 022
VERSION=$("$WEFT" --version | cut -d ' ' -f 2)
ARCHITECTURE=$(dpkg --print-architecture)

install -D -m 755 "$WEFT" "$ROOT/usr/bin/weft"
install -d "$ROOT/usr/share/weft/components" "$ROOT/usr/share/weft/executors"
for world in "$HERE"/../runtime/components/*/wit/world.wit; do
    install -m 644 "$BUILT/components/$(basename "$(dirname "$(dirname "$world")")").wasm" "$ROOT/usr/share/weft/components/"
done
install -m 644 "$BUILT/executors/python.wasm" "$BUILT/executors/shell.wasm" "$ROOT/usr/share/weft/executors/"

"$WEFT" man "$ROOT/usr/share/man/man1"
gzip -9n "$ROOT"/usr/share/man/man1/*.1
completions() { install -D -m 644 <("$WEFT" completions "$1") "$ROOT/usr/share/$2"; }
completions bash bash-completion/completions/weft
completions zsh zsh/vendor-completions/_weft
completions fish fish/vendor_completions.d/weft.fish
for unit in weft.service weft-sync.service weft-sync.timer; do
    install -D -m 644 "$HERE/$unit" "$ROOT/usr/lib/systemd/system/$unit"
done
install -D -m 644 "$HERE/../LICENSE" "$ROOT/usr/share/doc/weft/copyright"

# What the program is linked with: the C library alone, of the version whose symbols it asks for.
C_LIBRARY=$(grep -aoE 'GLIBC_2\.[0-9]+' "$WEFT" | sort -uV | tail -1 | cut -d _ -f 2)
mkdir "$ROOT/DEBIAN"
cat >"$ROOT/DEBIAN/control" <<CONTROL
Package: weft
Version: $VERSION
Architecture: $ARCHITECTURE
Maintainer: weftwork developers <developers@weftwork.invalid>
Depends: libc6 (>= $C_LIBRARY), libgcc-s1
Section: science
Priority: optional
Installed-Size: $(du -sk --apparent-size "$ROOT" | cut -f 1)
Description: machine-learning pipelines of sandboxed WebAssembly components
 Runs pipelines whose steps are functions of WebAssembly components, and those
 of Kubeflow Pipelines and TFX, without containers or a cluster: with typed
 parameters and artifacts, lineage, caching, retries, schedules and a page.
CONTROL

mkdir -p "$1"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
find "$ROOT" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group "-Z${WEFT_DEB_COMPRESSION:-xz}" --build "$ROOT" "$1/weft_${VERSION}_$ARCHITECTURE.deb" >/dev/null
echo "$1/weft_${VERSION}_$ARCHITECTURE.deb"
