(exit 3); echo $?; sh -c 'exit 300'; echo $?
f() { exit 5; }; (f; echo never); echo $?
trap 'echo first trap' EXIT; trap 'echo second; exit 9' EXIT
echo last; exit 2
