count() { echo $#: "$@"; }
x='  a  b c '; count $x; count "$x"; count a$x; count $x$x
IFS=:; y=a:b::c:; count $y; y=:a; count $y; y=::; count $y
IFS=', '; z='a, b ,c,,d , ,e'; count $z
IFS=; count $x; unset IFS; count $x
e=; count $e; count "$e"; count $e$e; count "$e"$e; count x$e
count $(echo a b; echo c) "$(echo a b; echo c)"
IFS='/'; set -- /a/b/; p=/a/b/; count $p
