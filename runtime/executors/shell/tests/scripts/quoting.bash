echo 'single $x "d"' "double 'q' \$x \"d\" \\ \a" back\ slash \$x \
continued
echo "a
b" 'c
d'
x='a   b'; echo $x "$x" '$x' "'$x'" $x$x "$x"' '$x
echo "" '' x"" ""x; set -- "" ''; echo $#
echo a#b # comment
echo \#no "#no" '#no'
y="it's"; echo "$y" "$(echo "quoted $(echo "deep \"x\"")")" "`echo back \`echo deeper\``"
echo "back\\slash" 'back\slash' "tab\tx" "\`" "a\
b"
eval 'echo "$x"' '; echo done'
echo $ "$" '$' a$ "a$" $'' 2>/dev/null | head -1 >/dev/null; echo end
