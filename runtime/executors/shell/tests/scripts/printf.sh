printf 'hello\n'; printf '%s %s\n' a b c d; printf '%d-%i %x %X %o\n' 42 -7 255 255 8
printf '[%5s][%-5s][%05d][%+d][%.2f][%8.3f]\n' ab cd 42 7 3.14159 2.5
printf '%s\n' "$@"; printf '%%|%c|%c\n' abc x; printf '\101\t\\n\n'; printf 'no newline'
echo; printf '%b\n' 'a\tb\\n'; printf '%e %g %g\n' 12345.678 0.0001 1234567; printf '%d\n' "'A" 0x1f 010
printf '%s' ; printf '%s|' ; printf '%d|\n' ; printf '%.3s|%10.2s|\n' abcdef abcdef
printf 'a\n' > p; cat p; printf '%*d|\n' 5 42; printf '%-*d|\n' 5 42
printf '%5.1f%%\n' 99.55; printf '%s\n'; printf "%s=%s\n" k1 v1 k2
