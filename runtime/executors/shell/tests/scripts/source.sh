cat > lib.sh <<'EOF'
greet() { echo "hello $1"; }
VALUE=loaded
return 5
echo not reached
EOF
. ./lib.sh; echo $?; greet you; echo $VALUE; sh lib.sh; echo 'echo "$0 $1"' > s.sh; sh s.sh arg; sh ./s.sh x
printf '#!/bin/sh\necho script "$@"\n' > run.sh; chmod +x run.sh; ./run.sh a 'b c'; cat s.sh | sh; echo 'echo from $1' | sh -s arg
