sort fruit.txt | uniq -c | sort -rn | head -n 1 | tr -s ' ' | sed 's/^ //'
cat fruit.txt | grep -c apple
echo hi | cat | cat - fruit.txt | head -2
yes | head -n 3
yes abc | head -c 10; echo
seq 1 100000 | tail -n 1
seq 1 100000 | head -n 2
x=0; echo a | x=1; echo $x
echo "a b c" | { read -r a rest; echo "$a/$rest"; }
printf '1\n2\n3\n' | while read -r n; do echo $((n*2)); done | paste -s -d+ -
{ echo b; echo a; } | sort
(echo x; echo y >&2) 2>&1 | sort
true | false | true; echo $?
printf 'a\nb' | while read -r l || [ -n "$l" ]; do echo "[$l]"; done
cat /dev/zero | head -c 5 | wc -c | tr -d ' '
