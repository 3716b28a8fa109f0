set -e -x
mkdir -p "$(dirname "out/param")"
echo -n "$1" > "out/param"
printf '%s' "$2" | tee out/second > /dev/null
cat out/param out/second
