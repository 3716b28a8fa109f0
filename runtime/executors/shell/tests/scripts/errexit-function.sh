set -e
g() { echo in; false; echo out; }
g
echo never
