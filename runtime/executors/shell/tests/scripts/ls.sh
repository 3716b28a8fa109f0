ls; ls tree; ls -1 tree/inner; ls -a tree; ls nothing 2>/dev/null; echo $?; ls -d tree; ls tree/*.txt; ls -A tree; ls fruit.txt tree/inner; ls -r tree; ls -p; ls -F tree
