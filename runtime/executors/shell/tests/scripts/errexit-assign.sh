set -e
export y=$(false)
echo exported
x=$(false)
echo never
