set -o pipefail
false | true; echo $?
true | false | true; echo $?
(exit 3) | (exit 4) | true; echo $? "${PIPESTATUS[@]}"
set +o pipefail; false | true; echo $?
true | (exit 2); echo ${PIPESTATUS[0]} ${PIPESTATUS[1]}
