set -e
trap 'echo "bye $?"' EXIT
echo hi
false
echo never
