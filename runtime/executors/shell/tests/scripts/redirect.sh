echo a > f1; echo b >> f1; cat < f1
{ echo out; echo err >&2; } > o 2> e; cat o e
{ echo out; echo err >&2; } > both 2>&1; cat both
echo x 2>&1 >/dev/null | cat; ls nothing 2>/dev/null || echo missing
echo err >&2 2>/dev/null; (echo to3 >&3) 3> three; cat three
exec 4> four; echo a >&4; echo b >&4; exec 4>&-; cat four
exec 5< fruit.txt; read -r l <&5; echo "$l"; read -r l <&5; echo "$l"; exec 5<&-
> empty; wc -c < empty | tr -d ' '
: > fruit.txt; cat fruit.txt
mkdir -p deep/er; echo x > deep/er/f; cat deep/er/f
echo no > missing/dir 2>/dev/null || echo no folder
cat < nothing 2>/dev/null || echo no file
if echo in if > iff; then cat iff; fi
for i in 1 2; do echo $i; done > loop; cat loop
(echo sub; echo shell) > sub; cat sub
>first echo moved; cat first
echo one >two 2>&1 three; cat two
