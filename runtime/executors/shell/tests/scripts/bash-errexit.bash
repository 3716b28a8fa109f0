set -euo pipefail
f() { local v; v=$(echo ok); echo "$v"; }
f
(( 1 )) && echo one
x=$( (exit 0) ); echo "[$x]"
[[ -z ${none:-} ]] && echo unset
trap 'echo "err trap"' ERR
trap 'echo "exit $?"' EXIT
echo start | grep -q nomatch || echo no match
false | true
echo never
