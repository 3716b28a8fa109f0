command -v cd >/dev/null && echo builtin; command -v nothing_here || echo none; command echo x; type nothing_here >/dev/null 2>&1 || echo no type
nothing_here 2>/dev/null; echo $?; ./nothing 2>/dev/null; echo $?; /bin/echo path; /usr/bin/env echo env; echo() { printf 'mine\n'; }; echo a; command echo b
