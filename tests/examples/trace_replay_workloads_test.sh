#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace_replay on real logs, where they are at hand: the figures of an
# independent program, and published ones, to the last digit. Every function
# test_<case> is one test.
#
# usage: trace_replay_workloads_test.sh CASE TRACE_REPLAY WORKLOADS_FOLDER
set -eu

case=$1
trace_replay=$2
workloads=$3

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# replay TRACE FLAG...: what the program says is in $out.
replay() {
  name=$1
  shift
  out=$(zcat "$workloads/swf/$name.gz" | "$trace_replay" --trace=- "$@") ||
    fail "exit code $?"
}

# says TEXT
says() {
  case $out in
    *"$1"*) ;;
    *) fail "nothing says: $1, but: $out" ;;
  esac
}

# reference TRACE POLICY: the line of reference/swf.jsonl, as this program
# prints it.
reference() {
  awk -v trace="$1" -v policy="$2" '
    function value(key,  text) {
      text = $0
      if (!sub(".*\"" key "\": \"?", "", text)) return ""
      sub("[\",}].*", "", text)
      return text
    }
    value("trace") != "" { found = index(value("trace"), trace) == 1 }
    found && value("policy") == policy {
      printf "mean %.4f s, median %d s\n", value("mean_wait_s"),
        value("median_wait_s")
      printf "99 %% %d s, longest %d s\n", value("p99_wait_s"),
        value("max_wait_s")
      printf "bounded slowdown  %.4f\n", value("mean_bsld10")
      printf "utilisation       %.4f;\n", value("utilisation")
      printf "makespan          %d s\n", value("makespan_s")
      printf "started at once   %d jobs\n", value("started_at_once")
    }' "$workloads/reference/swf.jsonl"
}

# same_as_reference TRACE POLICY
same_as_reference() {
  wanted=$(reference "$1" "$2")
  [ "$(printf '%s\n' "$wanted" | wc -l)" -eq 6 ] || fail "no reference for $*"
  while read -r line; do says "$line"; done <<END
$wanted
END
}

fcfs() {
  replay "$1"
  same_as_reference "$1" fifo
}

test_fcfs_kth() { fcfs KTH-SP2-1996-2.1-cln.swf; }
test_fcfs_nasa() { fcfs NASA-iPSC-1993-3.1-cln.swf; }
test_fcfs_llnl() { fcfs LLNL-Thunder-2007-1.1-cln.swf; }
test_fcfs_hpc2n() { fcfs HPC2N-2002-2.1-cln.swf; }
test_fcfs_lublin() { fcfs lublin_256.swf; }

# The same figures by another road: 28,000 multi-node jobs on 100 instances that
# come and go.
test_gangs_kth() {
  replay KTH-SP2-1996-2.1-cln.swf --gangs
  same_as_reference KTH-SP2-1996-2.1-cln.swf fifo
}

# RLScheduler (SC 2020), Tables V and VI: Lublin-1, FCFS.
published="--sequence_length=1024
  --sequence_start=1981,2756,4299,8850,3316,2714,5228,7762,4022,7085"

# rounded LABEL FORMAT: the number after the label, as the paper prints it.
rounded() {
  printf '%s\n' "$out" |
    awk -v label="$1" -v format="$2" '
      index($0, "means of") == 1 { means = 1 }
      means && (at = index($0, label)) {
        printf format, substr($0, at + length(label))
      }'
}

test_published_fcfs() {
  # shellcheck disable=SC2086
  replay lublin_256.swf --steps=event $published
  [ "$(rounded 'bounded slowdown' %.2f)" = 7273.77 ] || fail "$out"
  [ "$(rounded 'until the last start' %.3f)" = 0.657 ] || fail "$out"
}

"test_$case"
