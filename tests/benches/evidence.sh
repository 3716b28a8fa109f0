#!/usr/bin/env bash
# Measures what a run tells of itself, beside a baseline in the same run: `weft why` in a store of 100,000 tasks; `weft diff` of two artifacts of 1 GiB that
# differ in one byte, beside `cmp`; `weft attest` of a model of 1 GiB, beside reading it once. Each figure is the best of five. It takes some minutes and 4 GB of disk in the
# temporary folder; $WEFT names the program (target/release/weft if it is there, else the development build).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repo=$PWD
weft=${WEFT:-$repo/target/release/weft}
if [ ! -x "$weft" ]; then weft=$repo/target/debug/weft; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export WEFT_CACHE=$work/compiled

# The best of five times of a command, in milliseconds. `cmp` and `diff` say by their status that there is a difference.
best() {
    python3 - "$@" <<'PY'
import subprocess, sys, time
times = []
for _ in range(5):
    started = time.perf_counter()
    done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    times.append(time.perf_counter() - started)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.decode())
print(f"{min(times) * 1000:.0f}")
PY
}

python3 - "$repo/target/components/trivial.wasm" >fan.yaml <<'PY'
import sys
print("name: fan\nparameters:\n  a: { type: s64, default: 1 }\nsteps:")
for step in range(25_000):
    print(f'  s{step}: {{ component: "{sys.argv[1]}#add", with: {{ a: "${{params.a}}", b: {step} }} }}')
PY
for a in 1 2 3 4; do "$weft" run --quiet fan.yaml -p a=$a >/dev/null; done
told=$("$weft" why s12345)
case $told in *"3 → 4"*) ;; *) printf 'error: the cause is not told: %s\n' "$told" >&2; exit 1 ;; esac
echo "weft why, 100,000 tasks: $(best "$weft" why s12345) ms (the program alone: $(best "$weft" --version) ms)"

export WEFT_STORE=$work/large
printf 'name: large\nparameters: {}\nsteps:\n  model: { import: model.bin, type: system.Model }\n' >large.yaml
python3 - <<'PY'
import random
block = random.Random(1).randbytes(1 << 20)
with open("model.bin", "wb") as file:
    for part in range(1 << 10):
        file.write(part.to_bytes(4, "little") + block[4:])
PY
"$weft" run --quiet large.yaml >/dev/null
first=$("$weft" runs --json | sed -n 's/^ *"id": "\(.*\)",$/\1/p' | head -n 1)
cp model.bin other.bin
# The last byte but some thousands, so that nobody finds it early.
printf 'x' | dd of=model.bin bs=1 seek=$(((1 << 30) - 5000)) conv=notrunc status=none
"$weft" run --quiet large.yaml >/dev/null
second=$("$weft" runs --json | sed -n 's/^ *"id": "\(.*\)",$/\1/p' | head -n 1)
told=$("$weft" diff "$first" "$second" || true)
case $told in *1073736824* | *1,073,736,824* | *1073736825*) ;; *) printf 'error: the byte is not told: %s\n' "$told" >&2; exit 1 ;; esac
echo "weft diff, one byte of 1 GiB: $(best "$weft" diff "$first" "$second") ms; cmp: $(best cmp model.bin other.bin) ms"

rm -rf evidence
"$weft" attest latest/model.artifact -o evidence --key key.pem >/dev/null
# Coreutils' `sha256sum` may be built without the processor's instructions for it; OpenSSL, which Python has, is not.
sha256='import hashlib; hashlib.file_digest(open("model.bin", "rb"), "sha256")'
echo "weft attest, 1 GiB: $(best sh -c "rm -rf evidence; '$weft' attest latest/model.artifact -o evidence --key key.pem") ms; reading it once: $(best sh -c "cat model.bin >/dev/null") ms, with SHA-256: $(best python3 -c "$sha256") ms, copying it: $(best cp model.bin copy.bin) ms"
