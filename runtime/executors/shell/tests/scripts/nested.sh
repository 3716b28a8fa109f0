if true; then for i in 1 2; do case $i in 1) while :; do until false; do { (echo deep $i); }; break; done; break; done;; *) echo other;; esac; done; fi
{ { { echo braces; }; }; }; ( ( ( echo parens ) ) ); echo $( ( echo a; (echo b) ) ); ((echo x); echo y)
if (true); then echo subshell condition; fi; if { false; true; }; then echo group; fi
! { false; } && echo neg; { echo a; } && { echo b; } || { echo c; }
