echo "$GIVEN"; export NEW=1; sh -c 'echo $NEW $GIVEN'; LOCAL=2; sh -c 'echo "[$LOCAL]"'
ONE=x sh -c 'echo $ONE'; echo "[$ONE]"; env ONE=y sh -c 'echo $ONE'; printenv GIVEN; printenv NOPE || echo unset
export A=b C="d e"; sh -c 'echo $A $C'; unset A; sh -c 'echo "[$A]"'; x=1; x=2 true; echo $x
env -i X=1 sh -c 'echo "[$GIVEN][$X]"'; env | grep '^NEW='; readonly R=1; (R=2) 2>/dev/null || echo readonly
export P=~/x; echo ${P%x} | wc -c >/dev/null; set -a; AUTO=1; sh -c 'echo $AUTO'; env -u GIVEN sh -c 'echo "[$GIVEN]"'
