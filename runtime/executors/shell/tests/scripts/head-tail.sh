seq 20 > n; head -3 n; head -n 2 n; head -c 5 n; tail -2 n; tail -n 3 n; tail -n +19 n; tail -c 3 n; head -n -18 n; seq 3 | head -n 0; head -n1 n fruit.txt; head -q -n1 n n
