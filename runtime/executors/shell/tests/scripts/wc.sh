wc fruit.txt; wc -l fruit.txt; wc -w < fruit.txt; cat fruit.txt | wc; wc -c fruit.txt data.csv; printf 'no newline' | wc -l; printf 'äö\n' | wc -m
