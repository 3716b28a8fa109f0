set -ex
if ! [ -d work ]; then mkdir work; fi
cat > work/metrics.json <<EOF
{"metrics": [{"name": "accuracy", "numberValue": 0.9, "format": "PERCENTAGE"}]}
EOF
grep -o '"numberValue": [0-9.]*' work/metrics.json | cut -d' ' -f2
test -s work/metrics.json && wc -l < work/metrics.json | tr -d ' '
