sed 's/apple/kiwi/' fruit.txt; sed -n '2p' fruit.txt; sed '1d;3d' fruit.txt; sed -n '/apple/p' fruit.txt; sed 's/a/A/g' fruit.txt; sed '2,3s/ /-/' fruit.txt; sed -n '$p' fruit.txt; sed '/fig/d' fruit.txt
sed -E 's/([a-z]+) ([0-9]+)/\2 \1/' fruit.txt; sed 's/\([a-z]*\) \([0-9]*\)/\2 \1/' fruit.txt; sed 's|/|:|g' <<EOF
/a/b
EOF
sed -e 's/a/1/' -e 's/p/2/' fruit.txt; sed -i 's/fig/date/' fruit.txt; cat fruit.txt; sed -i.bak 's/date/fig/' fruit.txt; ls *.bak; sed '2q' fruit.txt; sed 's/a/[&]/2' fruit.txt; sed -n 's/apple/x/p' fruit.txt; sed '1!d' fruit.txt; sed -n '/pear/,/fig/p' fruit.txt; sed '$!d' fruit.txt
sed 'y/abc/xyz/' fruit.txt; sed '1i\
inserted' fruit.txt; sed '1a appended' fruit.txt; sed '2c changed' fruit.txt; sed -n '$=' fruit.txt; sed ':a;N;$!ba;s/\n/,/g' fruit.txt; sed 'N;s/\n/ /' fruit.txt; sed -n '2{p;q}' fruit.txt; sed '1~2d' fruit.txt; sed 's/A/x/I' fruit.txt; sed -E 's/^(.)/\U\1/' fruit.txt; printf 'a\nb' | sed 's/b/c/'; echo; sed G tree/a.txt; sed -n 'H;${x;s/\n/+/g;p}' fruit.txt; sed '/^$/d' fruit.txt; sed 's/[0-9]\+$//' fruit.txt; sed "s/x*/-/g" tree/a.txt; sed '2,$d' fruit.txt; sed '0,/apple/s//first/' fruit.txt; sed -n '/apple/{=;p}' fruit.txt; sed '/pear/r tree/a.txt' fruit.txt
