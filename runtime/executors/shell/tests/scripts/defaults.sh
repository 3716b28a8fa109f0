unset u; e=; s=set
echo "[${u-a}] [${e-a}] [${s-a}] [${u:-a}] [${e:-a}] [${s:-a}]"
echo "[${u+a}] [${e+a}] [${s+a}] [${u:+a}] [${e:+a}] [${s:+a}]"
echo "[${u:=x y}] [$u]" ${e:=q} $e
echo ${z:-a b "c  d" 'e  f'} "${z:-a "b  c" 'd'}"
echo "${z:-$(echo nested ${s})}" "${z:-${y:-deep}}" "${z:-\}}"
for w in ${z:-one two}; do echo "<$w>"; done
for w in "${z:-one two}"; do echo "<$w>"; done
for w in ${s:+"$@"}; do echo "<$w>"; done
(: ${nope?message}; echo not here); echo $?
(: ${nope:?}; echo not here) 2>/dev/null; echo "status $?"
