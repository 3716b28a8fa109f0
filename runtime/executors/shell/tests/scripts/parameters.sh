echo "$0" "$1" "$2" "$#" "[$3]" "$4"
for a in "$@"; do printf '<%s>' "$a"; done; echo
for a in "$*"; do printf '<%s>' "$a"; done; echo
for a in $*; do printf '<%s>' "$a"; done; echo
for a in $@; do printf '<%s>' "$a"; done; echo
for a; do printf '<%s>' "$a"; done; echo
IFS=,; echo "$*"; unset IFS; echo "$*"; IFS=''; echo "$*"; echo $*
shift 2; echo "$#" "$1"
set -- a b c; echo "$3$2$1" "${10}" "${1}0"
set --; echo "$#"; for a in "$@"; do echo never; done; echo "${1-none}" "pre$@post"
