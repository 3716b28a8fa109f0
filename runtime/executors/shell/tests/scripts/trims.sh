f=/a/b/file.tar.gz
echo ${f##*/} ${f%/*} ${f#*/} ${f%%.*} ${f%.*} ${f##*.} ${f#/a/} ${f%x}
v='a*b*c'; echo "${v#a\*}" "${v%'*c'}" "${v##*b}" "${v%"*"*}"
p='*'; echo "${v#a$p}" "${v#"a$p"}" "${v%%$p*}"
echo ${#f} ${#v} ${#} ${#1} ${#nothing}
