awk '{ print $1 }' fruit.txt; awk '{ s += $2 } END { print s, s / NR, NR }' fruit.txt; awk -F, 'NR > 1 { print $2 ": " $3 }' data.csv; awk 'BEGIN { print 1 + 2 * 3, 7 % 4, 2 ^ 10, -3, !0, 1 == 1.0, "a" < "b", 10 < 9, "10" < "9" }'
awk '/apple/' fruit.txt; awk '!/apple/ { print NR ": " $0 }' fruit.txt; awk 'NR == 2, NR == 4 { print NR }' fruit.txt; awk '/pear/, /fig/ { print $1 }' fruit.txt; awk '$2 > 5 && $1 ~ /^[a-z]/ { print $1 } $1 !~ /a/ { print "no a: " $1 }' fruit.txt
awk '{ count[$1]++ } END { for (name in count) print name, count[name] }' fruit.txt | sort; awk '!seen[$0]++' fruit.txt; awk 'BEGIN { a["x"] = 1; a["y"] = 2; delete a["x"]; print ("x" in a), ("y" in a), length(a); a[1, 2] = 3; for (k in a) { split(k, p, SUBSEP); if (p[2]) print p[1] "-" p[2] } if ((1, 2) in a) print "pair" }'
awk 'BEGIN { printf "%d %5.2f|%-6s|%6s|%c%c|%x %o %e %g %%\n", 3.9, 3.14159, "ab", "cd", 65, "hello", 255, 8, 12345.678, 0.0001; printf "%s %s\n", "only", "two"; printf("%03d,%+d\n", 7, 7); x = sprintf("%.3s|%*d", "abcdef", 5, 42); print x }'
awk 'BEGIN { print length("hello"), substr("hello", 2, 3), substr("hello", 0, 3), substr("hello", 4), index("hello", "ll"), toupper("aBc"), tolower("aBc"), int(-3.7), int("12abc"); n = split("a:b:c", p, ":"); print n, p[1], p[3]; print split("", q), split("  a  b ", r), r[1] }'
awk 'BEGIN { s = "foo bar foo"; n = gsub(/foo/, "[&]", s); print n, s; sub(/o/, "0", s); print s; gsub(/\[/, "\\&", s); print s; t = "aaa"; print gsub(/x*/, "-", t), t; u = "a.b.c"; gsub(".", "x", u); print u; v = "a.b"; gsub(/\./, "\\\\&", v); print v }'
awk 'BEGIN { if (match("xxabcxx", /abc/)) print RSTART, RLENGTH; print match("x", "y"), RSTART, RLENGTH; print "A" ~ "a", "ab" ~ /^a.$/, "a/b" ~ /a\/b/, "x]" ~ /[]]/, "a\\b" ~ /a\\b/, "2024-01-02" ~ /^[0-9]+-[0-9][0-9]-/, "tab\there" ~ /\t/, "a+b" ~ /a\+b/, "a" ~ /[\/a]/ }'
awk '{ $2 = "x"; print; print NF }' fruit.txt | head -2; echo 'a b c d' | awk '{ NF = 2; print; $4 = "z"; print; print NF; $0 = "new line"; print $2, NF; $(NF) = "last"; print }'; echo 'a b c' | awk 'BEGIN { OFS = "-" } { $1 = $1; print; print $1, $3 }'; echo 'a:b' | awk '{ FS = ":"; print $1 }'
echo ' lead  and  trail ' | awk '{ print NF, "[" $1 "]" }'; echo 'a,b,,d' | awk -F, '{ print NF, $4, "[" $3 "]" }'; echo 'a||b' | awk -F'|' '{ print NF, $3 }'; printf 'a\tb c\td\n' | awk -F'\t' '{ print $2 }'; echo 'a1b22c' | awk -F'[0-9]+' '{ print $1 $2 $3 }'; echo 'aXXb' | awk -FXX '{ print $2 }'; echo 'a.b' | awk -F. '{ print $2 }'
printf 'one\ntwo\n\nthree\nfour\n\n\nfive\n' | awk 'BEGIN { RS = "" } { print NR ": " $1 "," $2 "," NF }'; printf 'a;b;c' | awk 'BEGIN { RS = ";" } { print NR, $0 }'
awk 'function f(n) { return n <= 1 ? 1 : n * f(n - 1) } function fill(a, n,   i) { for (i = 1; i <= n; i++) a[i] = i * i } BEGIN { print f(10); fill(sq, 3); print sq[1], sq[2], sq[3]; print i == "" }'
awk 'function g(a) { a["k"] = 1 } function h(b) { g(b) } function noop(z) { } BEGIN { h(arr); print arr["k"]; noop(u); u = 5; print u }
# a comment
function long(x,
  y) { return x + y }
BEGIN { print long(1,
    2); print "a" \
    "b"; if (1)
    print "then"
  else
    print "else"
  ; while (n < 3) n++; print n; do { m++ } while (m < 5); print m
  for (;;) { if (++c > 4) break; if (c == 2) continue; printf "%d ", c }; print ""
  x = 5; x += 2; x -= 1; x *= 3; x /= 2; x %= 5; x ^= 2; print x; print x++ + ++x, x--, --x, -x, +x, !x
  print 1 " " 2, 1 - 1 " " 3; print (1, 2) in q ? "in" : "out"; print (1 > 2) ? "gt" : "le"; y = z = 4; print y z }'
awk 'BEGIN { while ((getline line < "fruit.txt") > 0) n++; print n; close("fruit.txt"); getline < "fruit.txt"; print $1; "echo hi there" | getline w; print w; "echo a b" | getline; print $2; print (getline x < "nowhere") }'; awk 'NR == 1 { getline; print "second:", $0; getline other; print "third:", other, NR }' fruit.txt
awk '{ print $1 > "out-" length($1) ".txt" } END { close("out-4.txt"); while ((getline l < "out-4.txt") > 0) print "got", l }' fruit.txt; awk '{ print $2 | "sort -n" } END { close("sort -n"); print "end" }' fruit.txt; awk 'BEGIN { print "b\na" | "sort"; print "first" }'; awk 'BEGIN { print "more" >> "app.txt"; print "and" >> "app.txt" }'; cat app.txt; awk 'BEGIN { print "to stderr" > "/dev/stderr"; print "to stdout" > "/dev/stdout" }' 2> /dev/null
awk 'BEGIN { r = system("exit 3"); print r; system("echo from the shell"); print "after" }'; awk 'BEGIN { exit 4 } END { print "end runs" }'; echo $?; awk '{ exit } END { print NR; exit 7 }' fruit.txt; echo $?; awk 'BEGIN { exit } END { print "yes" }' < fruit.txt; echo $?; awk 'BEGIN { print "unclosed }' 2> /dev/null || echo wrong; awk '{ print }' nowhere 2> /dev/null; echo $?
awk -v n=3 -v 's=a\tb' 'BEGIN { print n + 1, s }'; awk '{ print x, $1 }' x=1 fruit.txt x=2 fruit.txt | tail -6; awk 'BEGIN { print ARGC, ARGV[1], ARGV[2] }' one two=2; awk 'END { print FILENAME, FNR, NR }' fruit.txt data.csv; GREETING=hello awk 'BEGIN { print ENVIRON["GREETING"] }'; echo 'BEGIN { print "from a file" }' > prog.awk; awk -f prog.awk
awk 'BEGIN { print 0.1 + 0.2, 1e6, 123456789, 1234567.8, 0.00001, 100 / 3, 3.0, "3.0" + 0, 1e-300 * 1e-300, ".5" + 0, "1e2" + 0; CONVFMT = "%.2g"; a = 3.14159; b = a ""; print b; OFMT = "%.3f"; print a, a "" }'
printf '10\n9\n1e1\nabc\n010\n' | awk '{ print $1 == 10, $1 < 10, $1 > "9" }'; echo '3 03' | awk '{ print ($1 == $2), ($1 "" == $2 "") }'; awk 'BEGIN { if (!x) print "unset is false"; if (x == 0 && x == "") print "both"; if ("0") print "text is true"; if (0 "") print "so is this" }'; echo 0 | awk '{ if ($1) print "yes"; else print "no" }'
awk 'BEGIN { srand(1); a = rand(); srand(1); b = rand(); print (a == b), (a >= 0 && a < 1); print srand(5), srand() }'; awk 'BEGIN { print exp(0), log(1), sqrt(16), sin(0), cos(0), atan2(0, -1), int(3.9) }'; awk 'BEGIN { printf "%s" , "no newline" }'; echo; awk 'BEGIN{x["a"];if("a" in x)print "made"; print length(x)}'; awk 'BEGIN { "date -u -d @0 +%Y" | getline y; print y }'
awk 'BEGIN { $0 = "a b c"; print NF; $5 = "e"; print; print NF; for (i = NF; i > 0; i--) printf "%s%s", $i, (i > 1 ? " " : "\n") }'; awk 'length > 6' fruit.txt; awk 'length($1) == 3 { print $1 ; next } { n++ } END { print n }' fruit.txt; awk 'END { print $0, NF }' fruit.txt; awk 'BEGIN { printf "%d%%\n", 50; print "quote\"s", "tab\tx", "back\\slash", "\101" }'
seq 1 5 | awk '{ sum += $1; sq += $1 * $1 } END { m = sum / NR; printf "%.3f %.3f\n", m, sqrt(sq / NR - m * m) }'; seq 10 | awk 'NR % 3 == 0' | paste -sd, -; awk -F, -v OFS=';' 'NR > 1 { $1 = $1; print }' data.csv; ls -l tree | awk 'NR > 1 { print $NF }' | sort; echo "accuracy: 0.93" | awk -F': ' '{ if ($2 >= 0.9) print "deploy"; else print "hold" }'; df=$(awk 'NR==1{print $2}' fruit.txt); echo "$df"
