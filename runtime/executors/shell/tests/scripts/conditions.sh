if true; then echo a; else echo b; fi
if false; then echo a; elif true; then echo c; else echo b; fi
if false; then :; fi; echo $?
if ! false; then echo not; fi
true && echo and || echo or; false && echo and || echo or
true || echo no && echo yes
! true; echo $?; ! false; echo $?
case abc in a*) echo star;; *) echo other;; esac
case "a b" in "a b") echo quoted;; esac
case x in y|x) echo alt;; esac; case "" in "") echo empty;; esac
case '*' in \*) echo literal;; esac; case a in [!b-z]) echo range;; esac
v='a*'; case abc in "$v") echo no;; $v) echo pattern;; esac
case q in (q) echo paren;; esac
case none in a) echo;; esac; echo $?
