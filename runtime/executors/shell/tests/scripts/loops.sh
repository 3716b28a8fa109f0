for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
for i in a b c; do for j in 1 2 3; do [ $j = 2 ] && continue 2; echo $i$j; [ $i = b ] && break 2; done; done
i=0; until [ $i -ge 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo u$i; done; echo "status $?"
while :; do break; done; echo $?
for f in *.txt tree/*.txt nothing*; do echo "$f"; done
for i in; do echo never; done
for x in a b
do
  echo $x
done
n=0; while read -r line; do n=$((n+1)); done < fruit.txt; echo $n
cat fruit.txt | while read -r name count; do echo "$count of $name"; done
while false; do :; done; echo $?
