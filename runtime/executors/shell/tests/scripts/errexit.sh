set -e
false || echo one
if false; then :; fi
! true
false && true
echo two
f() { false; echo in f; }
f || echo three
x=$(false) || echo four
(set +e; false; echo five)
{ false; true; } || echo six
while false; do :; done
f && echo yes
echo seven
echo $(false; echo sub)
(false; echo not reached)
echo not reached
