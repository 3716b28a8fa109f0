trap 'echo bye' EXIT; trap '' INT; trap - INT; f() { trap 'echo changed' EXIT; }; f; echo body
