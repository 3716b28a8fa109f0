echo *.txt; echo tree/*; echo tree/*/*; echo */; echo t*e/[ab].*; echo '*.txt' "*.txt" \*.txt; echo none*
echo tree/?.txt tree/[!a]* ; set -f; echo *.txt; set +f; x='*.txt'; echo $x "$x"
touch .hidden 'with space.txt'; echo *; echo .h*; for f in *.txt; do echo "<$f>"; done
cd tree; echo *; echo ../*.csv; echo ./*.txt; ls *.txt
p='tree/[ab].txt'; cd ..; echo $p; echo tree/*.{txt,log} | wc -w | tr -d ' '
