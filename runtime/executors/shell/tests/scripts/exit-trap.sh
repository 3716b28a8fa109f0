trap 'echo trapped $?' EXIT
(trap 'echo inner' EXIT; echo sub)
x=$(trap 'echo captured' EXIT; echo a); echo "$x"
f() { return 3; }; f
