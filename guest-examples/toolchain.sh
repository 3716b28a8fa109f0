#!/usr/bin/env bash
# Makes sure that Rust guests can be built for wasm32-wasip2 on this machine, and tells how.
#
#   eval "$(guest-examples/toolchain.sh)"      then: cargo build --release --target wasm32-wasip2
#
# prints shell lines on standard output that set the environment for cargo, none if none is needed; progress goes to standard error.
# Three ways, the first that works is taken:
#
#   1. rustc already has the target;
#   2. rustup can add it;
#   3. on Debian and its derivatives: a compiler and the source of its standard library are unpacked from the distribution's packages
#      (nothing is installed, root is not needed), and the standard library is built once. The result is kept in
#      target/guest-toolchain/ (WEFT_GUEST_TOOLCHAIN_FOLDER, if that is set) and costs some two minutes the first time.
#
# WEFT_GUEST_TOOLCHAIN=rustup takes one of the first two only, WEFT_GUEST_TOOLCHAIN=debian the third.
set -euo pipefail

TARGET=wasm32-wasip2
# Part of the cached toolchain's name: raise it when the recipe changes, so that an old one is not taken for a new one.
RECIPE=1

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${WEFT_GUEST_TOOLCHAIN_FOLDER:-"$REPO/target/guest-toolchain"}

say() { printf 'guest toolchain: %s\n' "$*" >&2; }

# Why each way failed, for the one message that is shown when all of them did.
REASONS=()
because() { REASONS+=("$*"); return 1; }

fail() {
    {
        echo "error: this machine cannot build Rust guests for $TARGET"
        printf '  - %s\n' "${REASONS[@]}"
        echo "hint: with network access, run \`rustup target add $TARGET\` and try again"
    } >&2
    exit 1
}

# Runs a command without a sound; when it fails, the end of what it said goes to standard error.
quietly() {
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
    tail -n 30 "$log" >&2
    rm -f "$log"
    return 1
}

# ---- 1 and 2: the toolchain in use ------------------------------------------------------------------------------------------------

has_target() {
    local libdir
    libdir=$(rustc --print target-libdir --target "$TARGET" 2>/dev/null) || return 1
    compgen -G "$libdir/libstd-*.rlib" >/dev/null
}

from_rustc() {
    command -v rustc >/dev/null || because "there is no rustc on the PATH" || return 1
    has_target || because "rustc has no standard library for $TARGET"
}

from_rustup() {
    command -v rustup >/dev/null || because "there is no rustup to add the target with" || return 1
    local said
    # The time limit is for networks that swallow packets instead of refusing them.
    if said=$(timeout 120 rustup target add "$TARGET" 2>&1) && has_target; then say "rustup added $TARGET"; return 0; fi
    because "rustup could not add the target: $(grep -m1 -iE 'error|could not|timed out' <<<"$said" || echo 'no answer')"
}

# ---- 3: Debian's packages ---------------------------------------------------------------------------------------------------------

# A finished toolchain, if there is one.
find_cached() { compgen -G "$CACHE/debian-r$RECIPE-*/complete" | sort -V | tail -n 1 | xargs -r dirname; }

# apt-get and apt-cache on package lists of their own: the machine's may be old, are not ours to change, and lack the unstable suite.
apt() {
    local tool=$1
    shift
    "apt-$tool" -c "$APT/apt.conf" -q -o Dir::State="$APT/state" -o Dir::Cache="$APT/cache" \
        -o Dir::Etc::SourceList="$APT/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences="$APT/preferences" -o Dir::Etc::PreferencesParts=/dev/null \
        -o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}

# Writes the private sources: the machine's own Debian suites, and unstable from the same mirror for its C library alone.
prepare_apt() {
    mkdir -p "$APT"/state/lists/partial "$APT"/cache/archives/partial
    # The machine's hooks after an update are about its own lists.
    printf '#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n' >"$APT/apt.conf"
    printf 'Package: *\nPin: release a=unstable\nPin-Priority: 1\n' >"$APT/preferences"
    local uri suite options='' mirror='' keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keyring" ] && options=" [signed-by=$keyring]"
    : >"$APT/sources.list"
    # shellcheck disable=SC2016 # the format is apt's, not the shell's
    while IFS='|' read -r uri suite; do
        [[ $uri =~ /debian(-security)?/?$ ]] || continue
        echo "deb$options $uri $suite main" >>"$APT/sources.list"
        [[ $uri =~ /debian/?$ ]] && mirror=$uri
    done < <(apt-get indextargets --format '$(REPO_URI)|$(SUITE)' 'Created-By: Packages' 'Component: main' 2>/dev/null | sort -u)
    [ -n "$mirror" ] || because "apt knows no mirror of Debian" || return 1
    echo "deb$options $mirror unstable main" >>"$APT/sources.list"
}

# Downloads packages into a folder and unpacks them into another.
unpack() {
    local into=$1 debs="$WORK/debs"
    shift
    rm -rf "$debs"
    mkdir -p "$debs" "$into"
    (cd "$debs" && quietly apt get download "$@") || return 1
    local deb
    for deb in "$debs"/*.deb; do dpkg -x "$deb" "$into" || return 1; done
    rm -rf "$debs"
}

candidate() { apt cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)'; }

# Builds the standard library and lays it out as a sysroot. Called with the folder of the finished toolchain.
build_std() {
    local out=$1 version=$2 empty="$WORK/empty"
    mkdir -p "$empty/src"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\nopt-level = "s"\npanic = "abort"\n[workspace]\n' \
        >"$empty/Cargo.toml"
    echo '#![no_std]' >"$empty/src/lib.rs"
    (
        cd "$empty"
        # RUSTC_BOOTSTRAP: -Zbuild-std is for nightly compilers, but it is the stable library of this very compiler that is built.
        # embed-bitcode: guests are linked with link-time optimisation. No features: those are for backtraces, which Wasm has none of.
        unset CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
        RUSTC="$out/bin/rustc" RUSTC_WRAPPER='' RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$WORK/std" \
            quietly cargo build --release --target "$TARGET" -Zbuild-std=std,panic_abort -Zbuild-std-features=
    ) || because "the standard library of rustc $version does not build with this cargo ($(cargo --version))" || return 1
    local lib="$out/sysroot/lib/rustlib/$TARGET/lib"
    mkdir -p "$lib/self-contained"
    find "$WORK/std/$TARGET/release/deps" -name '*.rlib' ! -name 'libempty-*' -exec cp {} "$lib/" \;
    local libc="$WORK/libc" file found
    for file in libc.a crt1-command.o crt1-reactor.o; do
        found=$(find "$libc" -path "*$TARGET/$file" | head -n 1)
        [ -n "$found" ] || because "Debian's wasi-libc has no $file for $TARGET" || return 1
        cp "$found" "$lib/self-contained/"
    done
}

# The two programs that cargo meets. They find everything from where they lie, so that the folder can be moved.
write_wrappers() {
    mkdir -p "$1"
    cat >"$1/rustc" <<'WRAPPER'
#!/bin/sh
# The unpacked compiler with its own libraries; for the guests' target with the standard library and the linker that belong to it.
root=$(dirname "$(dirname "$(readlink -f "$0")")")
libs=$(echo "$root"/rust/usr/lib/*-linux-gnu*)
export LD_LIBRARY_PATH="$root/rust/usr/lib:$libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
case " $* " in
*" TARGET "*)
    if [ -d "$root/sysroot" ]; then set -- --sysroot "$root/sysroot" -C linker="$root/bin/wasm-component-ld" "$@"; fi
    ;;
esac
exec "$root/rust/usr/bin/rustc" "$@"
WRAPPER
    cat >"$1/wasm-component-ld" <<'WRAPPER'
#!/bin/sh
# The linker that makes components: rustup's toolchains have it, whatever their targets. It does not look beside itself for wasm-ld.
host=$(rustc -vV | sed -n 's/^host: //p')
bin="$(rustc --print sysroot)/lib/rustlib/$host/bin"
exec "$bin/wasm-component-ld" "$@" --wasm-ld-path "$bin/gcc-ld/wasm-ld"
WRAPPER
    sed -i "s/TARGET/$TARGET/" "$1/rustc"
    chmod +x "$1/rustc" "$1/wasm-component-ld"
}

# Fills $WORK/toolchain and sets VERSION.
assemble() {
    local out="$WORK/toolchain" compiler='' name rust libc packages
    APT="$WORK/apt"
    prepare_apt || return 1
    say 'reading the package lists'
    quietly apt get update || because "apt-get update failed" || return 1
    # Debian's stable releases carry an up-to-date compiler for its browsers under a name of its own.
    for name in rustc-web rustc; do
        if rust=$(candidate "$name"); then compiler=$name; break; fi
    done
    [ -n "$compiler" ] || because "Debian's suites here have no rustc" || return 1
    libc=$(apt cache madison wasi-libc | awk -F' *[|] *' '/unstable|sid/ { print $2; exit }')
    [ -n "$libc" ] || because "Debian's unstable suite has no wasi-libc" || return 1
    mapfile -t packages < <(apt cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$compiler" | grep -E '^(libstd-rust|libllvm)' | sort -u)
    VERSION=$(tr -c '[:alnum:].\n' '-' <<<"rust-$rust-libc-$libc")
    say "unpacking rustc ${rust%%[+-]*} and wasi-libc"
    local sources='rust-src'
    if [ "$compiler" = rustc-web ]; then sources='rust-web-src'; fi
    unpack "$out/rust" "$compiler" "$sources" "${packages[@]}" || because "$compiler and what it needs cannot be downloaded" || return 1
    unpack "$WORK/libc" "wasi-libc=$libc" || because "wasi-libc $libc cannot be downloaded" || return 1
    write_wrappers "$out/bin"
    "$out/bin/rustc" --version >/dev/null 2>&1 || because "the unpacked rustc $rust does not start" || return 1
    say 'building the standard library (once, about a minute)'
    build_std "$out" "$rust" || return 1
    say 'trying it'
    quietly try "$out" || because "the assembled toolchain does not build a program" || return 1
    rm -rf "$out/rust/usr/src" "$out/rust/usr/share" # the sources: half a gigabyte that is not needed any more
}

# Compiles and links a program that uses files and sockets, which need a C library that is new enough.
try() {
    local out=$1
    cat >"$WORK/try.rs" <<'RUST'
fn main() {
    println!("{:?} {:?}", std::fs::read("x"), std::net::TcpStream::connect("127.0.0.1:1"));
}
RUST
    "$out/bin/rustc" --edition 2024 --target "$TARGET" -C panic=abort -o "$WORK/try.wasm" "$WORK/try.rs"
}

has_linker() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    [ -x "$(rustc --print sysroot)/lib/rustlib/$host/bin/wasm-component-ld" ]
}

from_debian() {
    local tool found
    for tool in apt-get apt-cache dpkg flock cargo rustc; do
        command -v "$tool" >/dev/null || because "Debian's packages cannot be used without $tool" || return 1
    done
    has_linker || because "rustc comes without wasm-component-ld, which rustup's toolchains have" || return 1
    found=$(find_cached)
    if [ -z "$found" ]; then
        mkdir -p "$CACHE"
        # One at a time: a second run waits here and then finds the first one's work.
        exec 9>"$CACHE/lock"
        flock -n 9 || { say 'waiting for another run that assembles it' && flock 9; }
        found=$(find_cached)
    fi
    if [ -z "$found" ]; then
        rm -rf "$CACHE"/tmp.* # of runs that were killed
        say "assembling a toolchain for $TARGET from Debian's packages"
        WORK=$(mktemp -d "$CACHE/tmp.XXXXXX")
        trap 'rm -rf "$WORK"' EXIT
        assemble || return 1
        touch "$WORK/toolchain/complete"
        found="$CACHE/debian-r$RECIPE-$VERSION"
        rm -rf "$found"
        mv "$WORK/toolchain" "$found"
        say "ready in ${SECONDS} s"
    fi
    printf 'export RUSTC=%q\n' "$found/bin/rustc"
}

# The first two ways need nothing to be set. A toolchain from Debian's packages that is already there means that they failed before:
# the network is not asked again.
automatic() { from_rustc || { [ -z "$(find_cached)" ] && from_rustup; } || from_debian; }

case ${WEFT_GUEST_TOOLCHAIN:-automatic} in
automatic) automatic || fail ;;
rustup) from_rustc || from_rustup || fail ;;
debian) from_debian || fail ;;
*)
    echo "error: WEFT_GUEST_TOOLCHAIN is \`$WEFT_GUEST_TOOLCHAIN\`; it can be automatic, rustup or debian" >&2
    exit 1
    ;;
esac
