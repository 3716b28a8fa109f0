f=out/dir/file.txt; mkdir -p "$(dirname "$f")" && echo data > "$f" && cat "$f"
basename "$f"; basename "$f" .txt; dirname "$f"; dirname file; dirname /; basename /; basename a/; dirname a/b/
dirname /a; basename -a x/y z/w; basename -s .c a.c
