{ sleep 0; echo bg; } & wait; echo after; (exit 3) & wait $!; echo $?; sleep 0.01 & sleep 0.01 & wait; echo $?
