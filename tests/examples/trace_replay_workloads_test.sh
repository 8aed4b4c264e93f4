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

easy() {
  replay "$1" --policy=backfill
  same_as_reference "$1" easy
}

# No job of these runs longer than it asked for.
test_backfill_kth() { easy KTH-SP2-1996-2.1-cln.swf; }
test_backfill_nasa() { easy NASA-iPSC-1993-3.1-cln.swf; }
test_backfill_lublin() { easy lublin_256.swf; }

easy_perfect() {
  replay "$1" --policy=backfill --estimates=run
  same_as_reference "$1" easy-perfect
}

test_exact_backfill_kth() { easy_perfect KTH-SP2-1996-2.1-cln.swf; }
test_exact_backfill_llnl() { easy_perfect LLNL-Thunder-2007-1.1-cln.swf; }

# In these logs jobs run on past what they asked for. The reference lets them;
# AWS Batch stops a job at its timeout. So the figures are those of another
# program that has all of the reference's figures where it lets them run on, and
# these where it does not: a job that is stopped leaves its room a step later
# than one that ends in that second by itself, after the arrivals and a pass.
test_backfill_llnl() {
  replay LLNL-Thunder-2007-1.1-cln.swf --policy=backfill
  says 'mean 345.8593 s, median 0 s, 95 % 236 s, 99 % 8201 s, longest 117757 s'
  says 'bounded slowdown  4.8275'
  says 'makespan          12976994 s'
  says 'started at once   106467 jobs'
  says 'stopped           1101 jobs'
}
test_backfill_hpc2n() {
  replay HPC2N-2002-2.1-cln.swf --policy=backfill
  says 'mean 11259.1581 s, median 0 s, 95 % 47423 s, 99 % 144489 s, longest 11'
  says 'bounded slowdown  90.1022'
  says 'makespan          109598927 s'
  says 'started at once   132353 jobs'
  says 'stopped           14817 jobs'
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

test_published_backfill() {
  # shellcheck disable=SC2086
  replay lublin_256.swf --steps=event --policy=backfill --ends_before_start \
    $published
  [ "$(rounded 'bounded slowdown' %.2f)" = 235.82 ] || fail "$out"
  [ "$(rounded 'until the last start' %.3f)" = 0.868 ] || fail "$out"
}

"test_$case"
