sort fruit.txt | uniq; sort fruit.txt | uniq -c; sort fruit.txt | uniq -d; sort fruit.txt | uniq -u; printf 'a\nA\n' | uniq -i; printf 'a 1\nb 1\n' | uniq -f1
