#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# table.sh <folder of benchmark programs> [<trace_replay>]: runs the benchmarks
# of targets.txt and prints, for each row: target, baseline, what it is now, that
# as a multiple of the target, and as a multiple of what the limit benchmark
# took in the same round. Then, for the main rows, what a job costs in time,
# memory, allocations and instructions.
#
# All programs run in turn, EMBATCH_REPETITIONS (3) rounds of them; of a row's
# figures the median counts, and of its ratios, each of one round. A busy
# machine slows both sides of a ratio. EMBATCH_ROWS: only rows whose work matches
# this regular expression. EMBATCH_TRACES: a folder of gzipped logs in the
# Standard Workload Format (../shared/workloads/swf).
set -eu

programs=$1
replay=${2:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
traces=${EMBATCH_TRACES:-$here/../../shared/workloads/swf}
rounds=${EMBATCH_REPETITIONS:-3}
rows=$(mktemp)
figures=$(mktemp)
trap 'rm -f "$rows" "$figures"' EXIT

grep -v '^#' "$here/targets.txt" | grep -E "${EMBATCH_ROWS:-.}" >"$rows" || {
  echo "no row matches" >&2
  exit 1
}
# The names of all benchmarks that are wanted, as one regular expression.
filter=$(awk -F ' *[|] *' '
  function want(name) {
    if (name == "-" || name ~ /^trace:/) return
    names[sub(/^any /, "", name) ? name ".*" : name]
  }
  { want($5); want($7) }
  END { for (name in names) text = text (text == "" ? "" : "|") name
        print "^(" text ")(/iterations:|/manual_time|/real_time|$)" }' "$rows")

# figure <name> <counter> <value>, as Google Benchmark writes its JSON.
figure() { printf '"name": "%s",\n"%s": %s,\n' "$1" "$2" "$3" >>"$figures"; }

# The traces that rows ask for, strictly in order. What it takes to read the
# file does not count.
replay_traces() {
  [ -n "$replay" ] && [ -x "$replay" ] || return 0
  sed -n 's/.*| *trace:\([^ |]*\).*/\1/p' "$rows" | sort -u |
    while read -r trace; do
      [ -f "$traces/$trace.swf.gz" ] || continue
      gzip -dc "$traces/$trace.swf.gz" | "$replay" --trace=- |
        sed -n 's/^real time.*: \([0-9]*\) jobs a second.*/\1/p' |
        while read -r jobs_a_second; do
          [ "$jobs_a_second" -gt 0 ] || continue
          figure "trace:$trace" ns_a_job "$((1000000000 / jobs_a_second))"
        done
    done
}

round=1
while [ "$round" -le "$rounds" ]; do
  echo "round $round of $rounds" >&2
  echo '"round"' >>"$figures"
  # Some are there only where there is Protobuf, or where this is Linux.
  for program in limit_benchmark scheduler_benchmark api_benchmark \
    service_benchmark local_benchmark batch_server_benchmark; do
    [ -x "$programs/$program" ] || continue
    "$programs/$program" --benchmark_filter="$filter" \
      --benchmark_format=json 2>/dev/null >>"$figures"
  done
  replay_traces
  round=$((round + 1))
done

# Instructions are not a matter of the round.
[ ! -x "$programs/instruction_runs" ] ||
  "$programs/instruction_runs" | while read -r run jobs; do
    count=$(sed -n "s/^$run //p" "$here/instructions/expected.txt")
    [ -z "$count" ] || figure "instructions:$run" instructions $((count / jobs))
  done

awk -f "$here/table.awk" "$figures" "$rows"
