x=value
cat <<EOF
plain $x ${x} $(echo cmd) \$x \\ "quotes" 'single' `echo back`
  indented \
joined
EOF
cat <<'EOF'
raw $x $(no) \
EOF
cat <<-EOF
	tabs stripped $x
		more
	EOF
cat <<A; cat <<B
first
A
second
B
cat <<EOF | tr a-z A-Z
piped
EOF
f() { cat <<EOF
in function $1
EOF
}; f arg
while read -r l; do echo "> $l"; done <<EOF
one
two
EOF
cat <<"E O F"
spaced
E O F
