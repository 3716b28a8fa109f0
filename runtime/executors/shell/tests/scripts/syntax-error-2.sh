echo a; done
