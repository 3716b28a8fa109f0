echo $(echo a; echo b) "$(printf 'x\n\n\n')" "$(echo)" end
echo "$(cat <<EOF
in here $((1+1)) ')' "
EOF
)" after
x=$(false); echo "status $?"; x=$(exit 3) ; echo $?; echo $(exit 4) $?; y=1 x=$(exit 5); echo $?
f() { echo in; return 2; }; v=$(f); echo "$v $?"
echo $(echo $(echo $(echo deep))) $( (echo sub) ) $(case x in x) echo case;; esac)
echo "$(echo '#' ; echo ')' )" # comment )
cd tree; here=$(cd inner; ls); echo "$here"; ls | wc -l | tr -d ' '
a=1; b=$(a=2; echo $a); echo $a $b
echo `echo a b` "`echo 'c  d'`" `echo \$a` `echo "\$a"`
