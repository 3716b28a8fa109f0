set -u
echo "${x:-fine}" "${x+no}" "$#" "$@" "$*"
x=1; echo $x
echo $y
echo never
