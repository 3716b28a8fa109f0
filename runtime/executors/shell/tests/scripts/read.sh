echo 'a b  c d' | { read x y z; echo "[$x][$y][$z]"; }
echo '  lead  trail  ' | { read x; echo "[$x]"; }
echo 'a:b:c' | { IFS=: read x y; echo "[$x][$y]"; }
echo 'a,b,,c' | { IFS=, read p q r s; echo "[$p][$q][$r][$s]"; }
printf 'back\\slash\n' | { read x; echo "$x"; }
printf 'back\\slash\n' | { read -r x; echo "$x"; }
printf 'con\\\ntinued\n' | { read x; echo "$x"; }
printf 'no end' | { read -r x; echo "$? $x"; }
read -r x < /dev/null; echo "$? [$x]"
{ read -r first; cat; } < fruit.txt | head -2
while IFS=, read -r id name score; do echo "$name:$score"; done < data.csv
echo one | { read a b; echo "[$a][$b]"; }
