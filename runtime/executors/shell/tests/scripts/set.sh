set -- -a b; echo "$1"; set -- "$@" c; echo $#; set -e; echo $-| grep -c e; set +e; case $- in *e*) echo on;; *) echo off;; esac
set -o noglob; echo *; set +o noglob; set -f; echo *; set +f
