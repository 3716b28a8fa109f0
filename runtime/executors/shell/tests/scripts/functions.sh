f() { echo "f $# $1"; return 3; }
f a b; echo $?
g() { local x=in; x=$x$1; echo $x; h; }; h() { echo "h sees $x"; }
x=out; g 1; echo $x
rec() { [ $1 -le 0 ] && return; echo $1; rec $(($1-1)); }; rec 3
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1-1))) )); fi; }; fact 10
k() (x=sub; cd tree; pwd >/dev/null; exit 4); k; echo $? $x
out() { echo to file; } > out.txt; out; cat out.txt
m() { for i in "$@"; do if [ "$i" = two ]; then return 7; fi; echo $i; done; }; m one two three; echo $?
set -- p q; n() { shift; echo "$@"; }; n a b c; echo "$@"
outer() { inner() { echo inner; }; }; outer; inner
x=1 f z; unset -f f; f 2>/dev/null; echo $?
