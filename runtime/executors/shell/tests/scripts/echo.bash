echo -n a; echo b; echo -e 'x\ty\n'; echo 'x\ty'; echo -E 'a\tb'; echo -ne 'no\n'; echo - -- -x; echo -e 'a\cb'; echo
echo -e '\x41\0101\u00e9' "a  b"   c; echo
