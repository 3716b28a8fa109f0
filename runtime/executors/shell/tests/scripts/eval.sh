x='echo hi'; $x; eval "$x there"; eval 'a=1; b=2'; echo $a$b; n=a; eval "echo \$$n"; eval; echo $?; eval 'exit 3'; echo never
