t() { if "$@"; then echo "yes: $*"; else echo "no: $*"; fi; }
t [ a = a ]; t [ a != a ]; t [ -n "" ]; t [ -z "" ]; t [ x ]; t [ "" ]; t [ ]
t [ 1 -eq 1 ]; t [ 1 -ne 1 ]; t [ 2 -gt 10 ]; t [ 2 -lt 10 ]; t [ 2 -ge 2 ]; t [ 3 -le 2 ]
t [ -e fruit.txt ]; t [ -f fruit.txt ]; t [ -d tree ]; t [ -f tree ]; t [ -s tree/empty ]; t [ -s fruit.txt ]; t [ -e no ]
t [ -r fruit.txt ]; t [ -w fruit.txt ]; t [ -L fruit.txt ]
t [ ! -e no ]; t [ a = a -a b = b ]; t [ a = b -o b = b ]; t [ \( a = b \) ]; t [ ! a = b ]
t test abc; t test "!" ; t test -n; t [ = = = ]; t [ "(" = "(" ]
[ 1 -eq x ] 2>/dev/null; echo $?
[ a = b; echo $? 2>/dev/null
