echo $(echo $(echo $(echo $(echo $(echo $(echo $(echo $(echo deep))))))))
f() { [ $1 = 0 ] && echo bottom || f $(($1 - 1)); }; f 60
( ( ( ( echo x ) ) ) )
