#!/bin/sh
# Runs the fuzz programs of the Socket.IO library, one after the other, each for a number of seconds, and tells how many
# inputs each has tried. Ends with 1 when one of them found something; the input is then in build/fuzz/findings/, and
# the program, called with that file, repeats it.
#
#   tools/fuzz.sh                    every program, 15 seconds each
#   tools/fuzz.sh 7200 msgpack       one of them for two hours (the names are in tools/fuzz.sh)
#
# The lines it prints are also in build/fuzz/results.txt. What a run learned is kept in build/fuzz/corpus/ and is where
# the next one begins.
set -eu

programs="msgpack packet payload ws_frame"

root=$(cd "$(dirname "$0")/.." && pwd -P)
seconds=${1:-15}
[ "$#" -eq 0 ] || shift
[ "$#" -eq 0 ] || programs="$*"

sh "$root/tools/build.sh" fuzz fuzz_targets

# An input that takes longer or more memory than this is a finding, too.
input_seconds_max=10
memory_mb_max=2048

found=0
mkdir -p "$root/build/fuzz/findings"
results="$root/build/fuzz/results.txt"
: >"$results"
for name in $programs; do
    seeds="$root/server/transport/socketio/fuzz/corpus/$name"
    learned="$root/build/fuzz/corpus/$name"
    log="$root/build/fuzz/$name.log"
    mkdir -p "$learned"
    if "$root/build/fuzz/server/transport/socketio/fuzz/fuzz_$name" -max_total_time="$seconds" -print_final_stats=1 \
        -timeout="$input_seconds_max" -rss_limit_mb="$memory_mb_max" \
        -artifact_prefix="$root/build/fuzz/findings/$name-" "$learned" "$seeds" >"$log" 2>&1; then
        verdict="found nothing"
    else
        verdict="FAILED, see build/fuzz/$name.log"
        tail -n 40 "$log" >&2
        found=1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    echo "fuzz_$name: ${executions:-0} executions, $verdict" | tee -a "$results"
done
exit "$found"
