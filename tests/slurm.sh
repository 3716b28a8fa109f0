#!/usr/bin/env bash
# Runs pipelines on a Slurm of two nodes, both on this machine, and measures what `weft run --on slurm` promises:
#   1. 1,000 steps of half a second take less than 1.15 times the ideal
#   2. a loop of 10,000 trivial steps costs less than 5 ms a step
#   3. 50 killed workers lose nothing
#   4. nor do a killed controller that is started again and a killed node
#   5. an interrupted run leaves no jobs, and runs that were interrupted or killed are resumed
# Needs Debian's apt (or WEFT_SLURM_DEBS, a folder with the packages), an unpacked Slurm being all that it uses: nothing is installed, nothing
# listens beyond loopback. `bash tests/run.sh` builds what it needs before. Arguments choose measurements: `bash tests/slurm.sh 1 3`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
weft=${WEFT:-$PWD/target/debug/weft}
trivial=${WEFT_TRIVIAL:-$PWD/target/components/trivial.wasm}
chosen=${*:-1 2 3 5 4}
cpus=${WEFT_SLURM_CPUS:-4} # of each of the two nodes
folder=$(mktemp -d)
chmod 755 "$folder" # munged takes its socket from no folder that others cannot enter
pids=()

stop() {
    status=$?
    # One after the other, the controller last but for what it needs to speak.
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        kill "${pids[at]}" 2>/dev/null || true
        for _ in $(seq 50); do kill -0 "${pids[at]}" 2>/dev/null || break; sleep .1; done
        kill -9 "${pids[at]}" 2>/dev/null || true
        wait "${pids[at]}" 2>/dev/null || true
    done
    if [ "$status" -ne 0 ]; then tail -n 20 "$folder"/slurm/log/*.log "$folder"/*.err 2>/dev/null >&2 || true; fi
    if [ -z "${WEFT_KEEP-}" ]; then rm -rf "$folder"; else echo "kept: $folder" >&2; fi
}
trap stop EXIT

# ---- Slurm ----

root=$folder/root state=$folder/slurm
mkdir -p "$root" "$state"/{state,spool,log}
if [ -n "${WEFT_SLURM_DEBS-}" ]; then
    cp "$WEFT_SLURM_DEBS"/*.deb "$folder"
else
    (cd "$folder" && apt-get download -qq libhwloc15 liblua5.1-0 libmunge2 munge slurm-wlm-basic-plugins slurm-client slurmctld slurmd 2>/dev/null)
fi
for package in "$folder"/*.deb; do dpkg -x "$package" "$root"; done
libraries=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
export LD_LIBRARY_PATH=$libraries:$libraries/slurm-wlm SLURM_CONF=$state/slurm.conf PATH=$root/usr/bin:$root/usr/sbin:$PATH
host=$(hostname -s) user=$(id -un)
dd if=/dev/urandom of="$state/munge.key" bs=1024 count=1 status=none
chmod 400 "$state/munge.key"
cat >"$SLURM_CONF" <<CONF
ClusterName=weft
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$state/munge.sock
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
PluginDir=$libraries/slurm-wlm
PlugStackConfig=/dev/null
StateSaveLocation=$state/state
SlurmdSpoolDir=$state/spool/%n
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd-%n.pid
SlurmctldLogFile=$state/log/slurmctld.log
SlurmdLogFile=$state/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=30
SlurmctldTimeout=30
KillWait=5
MinJobAge=300
PropagateResourceLimits=NONE
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,bf_resolution=1
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=26818 CPUs=$cpus RealMemory=4000 State=UNKNOWN
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=26819 CPUs=$cpus RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=node1,node2 Default=YES MaxTime=INFINITE State=UP
CONF

start() {
    "$@" >"$state/log/$(basename "$1")-${#pids[@]}.out" 2>&1 &
    pids+=($!)
}
start munged -F --key-file="$state/munge.key" --socket="$state/munge.sock" --pid-file="$state/munged.pid" --log-file="$state/log/munged.log" \
    --seed-file="$state/munged.seed" --num-threads=2
start slurmctld-wlm -D -c -f "$SLURM_CONF"
mkdir -p "$state/spool/node1" "$state/spool/node2"
for node in node1 node2; do start slurmd-wlm -D -c -N "$node" -f "$SLURM_CONF" -d "$root/usr/sbin/slurmstepd-wlm"; done
for _ in $(seq 200); do
    if [ "$(sinfo -h -N -o %T 2>/dev/null | sort | uniq -c | tr -s ' ')" = " 2 idle" ]; then break; fi
    sleep .1
done
sinfo -N -o '%N %c %T' >&2
[ "$(sinfo -h -N -o %T | grep -c idle)" = 2 ]

# ---- pipelines ----

export WEFT_CACHE=$folder/cache
workers=$((2 * cpus))
mkdir "$folder/pipelines"
cp "$trivial" "$folder/pipelines/trivial.wasm"
cd "$folder/pipelines"

# COUNT steps that sleep MS milliseconds, with the real clock.
fan() {
    echo "name: $1"
    echo "steps:"
    for ((step = 0; step < $2; step++)); do
        echo "  s$step: { component: \"trivial.wasm#sleep\", with: { ms: $3 }, grants: { clock: true }, cache: false }"
    done
}

# A loop of COUNT steps that add.
loop() {
    python3 - "$1" <<'PY'
import json, sys
count = int(sys.argv[1])
number = {"parameterType": "NUMBER_INTEGER"}
spec = {
    "pipelineInfo": {"name": "loop"},
    "schemaVersion": "2.1.0",
    "sdkVersion": "kfp-2.0.0",
    "deploymentSpec": {"executors": {"exec-add": {"container": {"image": "file:trivial.wasm#add"}}}},
    "components": {
        "comp-add": {
            "executorLabel": "exec-add",
            "inputDefinitions": {"parameters": {"a": number, "b": number}},
            "outputDefinitions": {"parameters": {"sum": number}},
        },
        "comp-each": {
            "inputDefinitions": {"parameters": {"item": number}},
            "dag": {"tasks": {"add": {
                "componentRef": {"name": "comp-add"},
                "taskInfo": {"name": "add"},
                "inputs": {"parameters": {
                    "a": {"componentInputParameter": "item"},
                    "b": {"runtimeValue": {"constant": 1}},
                }},
            }}},
        },
    },
    "root": {"dag": {"tasks": {"each": {
        "componentRef": {"name": "comp-each"},
        "taskInfo": {"name": "each"},
        "parameterIterator": {"itemInput": "item", "items": {"raw": json.dumps(list(range(count)))}},
    }}}},
}
json.dump(spec, open("loop.json", "w"))
PY
}

now() { date +%s%N; }

# FILE ARGUMENTS...: runs it on Slurm; its JSON is in FILE.out, seconds in $seconds
run() {
    local file=$1 from
    shift
    from=$(now)
    "$weft" run "$file" --on slurm --json --quiet "$@" >"$file.out" 2>"$folder/$file.err" || { cat "$folder/$file.err" >&2; return 1; }
    seconds=$(python3 -c "print(($(now) - $from) / 1e9)")
}

missed=0
# NAME FIGURE LIMIT UNIT
judge() {
    if python3 -c "import sys; sys.exit(not $2 < $3)"; then echo "$1: $2 $4, under $3"; else
        echo "$1: $2 $4, NOT under $3"
        missed=1
    fi
}

# The run has COUNT steps, each of them complete and recorded once.
whole() {
    "$weft" runs show "$1" --json | python3 -c "
import collections, json, sys
steps = [step for step in json.load(sys.stdin)['steps'] if step.get('component')]
states = collections.Counter(step['state'] for step in steps)
tasks = {step['task'] for step in steps}
print('steps by state:', dict(states))
sys.exit(not (len(tasks) == len(steps) == states['COMPLETE'] == $2))"
}

for measurement in $chosen; do
    case $measurement in
    1)
        fan sleepers 1000 500 >sleepers.yaml
        run sleepers.yaml --name sleepers --workers "$workers"
        whole sleepers 1000
        ideal=$(python3 -c "print(1000 * .5 / $workers)")
        echo "1,000 steps of 0.5 s on $workers workers: $seconds s, ideally $ideal s"
        judge "ratio to the ideal" "$(python3 -c "print(round($seconds / $ideal, 3))")" 1.15 times
        ;;
    2)
        loop 10000
        run loop.json --name loop --workers "$workers" --no-cache
        whole loop 10000
        echo "a loop of 10,000 steps: $seconds s"
        judge "a step" "$(python3 -c "print(round($seconds / 10, 2))")" 5 ms
        ;;
    3)
        fan killed 1000 400 >killed.yaml
        kills=0
        (
            # Workers of this run, found by their command line; never others.
            while sleep 1; do
                victim=$(pgrep -f "^$weft .* worker $PWD/.weft/engine/killed " | shuf -n 1) || continue
                kill -9 "$victim" 2>/dev/null && kills=$((kills + 1)) && echo "$kills" >"$folder/kills"
                if [ "$kills" -ge 50 ]; then break; fi
            done
        ) &
        killer=$!
        run killed.yaml --name killed --workers "$workers" || { kill "$killer" 2>/dev/null || true; exit 1; }
        kill "$killer" 2>/dev/null || true
        wait "$killer" 2>/dev/null || true
        whole killed 1000
        echo "1,000 steps of 0.4 s with $(cat "$folder/kills") killed workers: $seconds s"
        judge "kills that are missing of 50" "$((50 - $(cat "$folder/kills")))" 1 kills
        "$weft" fsck >&2
        ;;
    5)
        fan stopped 200 400 >stopped.yaml
        "$weft" run stopped.yaml --name stopped --on slurm --workers "$workers" --quiet >/dev/null 2>"$folder/stopped.err" &
        running=$!
        sleep 5
        kill -INT "$running"
        code=0
        wait "$running" || code=$?
        [ "$code" = 130 ]
        for _ in $(seq 100); do [ -n "$(squeue -h)" ] || break; sleep .1; done
        [ -z "$(squeue -h)" ]
        "$weft" resume stopped --on slurm --workers "$workers" --quiet >/dev/null 2>>"$folder/stopped.err" &
        running=$!
        sleep 4
        kill -9 "$running"
        wait "$running" || true
        [ -n "$(squeue -h)" ]
        "$weft" resume stopped --on slurm --workers "$workers" --quiet >/dev/null 2>>"$folder/stopped.err"
        whole stopped 200
        echo "an interrupted and killed run was resumed"
        ;;
    4)
        fan broken 600 400 >broken.yaml
        (
            sleep 6
            echo "killing the controller" >&2
            kill -9 "${pids[1]}"
            sleep 4
            slurmctld-wlm -D -f "$SLURM_CONF" >"$state/log/slurmctld-again.out" 2>&1 &
            echo $! >"$folder/controller"
            sleep 4
            echo "killing all of node2" >&2
            jobs=$(squeue -h -w node2 -o %i)
            kill -9 "${pids[3]}"
            for job in $jobs; do pkill -9 -f "^slurmstepd: \\[$job\\." || true; done
            for worker in $(pgrep -f "^$weft .* worker $PWD/.weft/engine/broken "); do
                if tr '\0' '\n' <"/proc/$worker/environ" | grep -qx SLURMD_NODENAME=node2; then kill -9 "$worker"; fi
            done
            touch "$folder/broken"
            wait
        ) &
        breaker=$!
        run broken.yaml --name broken --workers "$workers" || { kill "$breaker" 2>/dev/null || true; exit 1; }
        [ -e "$folder/broken" ]
        pids+=("$(cat "$folder/controller")")
        whole broken 600
        grep -E "lost|answer" "$folder/broken.yaml.err" >&2 || true
        echo "600 steps of 0.4 s with a killed controller and a killed node: $seconds s"
        ;;
    esac
done
# Nothing of ours is left, but for what a dead node keeps Slurm from ending.
left() { squeue -h -o '%i %T' | grep -v COMPLETING; }
for _ in $(seq 100); do left >"$folder/left" || break; sleep .1; done
if left; then missed=1; fi
exit "$missed"
