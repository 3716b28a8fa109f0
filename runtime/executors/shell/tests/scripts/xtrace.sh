set -x
x=1
echo "$x" 'a b' > /dev/null
for i in 1; do echo $i; done
set +x
echo off
