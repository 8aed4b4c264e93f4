#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace_replay on traces made here: its figures against an independent
# computation (schedule.awk), good and bad flags, good and bad traces. Every
# function test_<case> is one test.
#
# usage: trace_replay_test.sh CASE TRACE_REPLAY SCRATCH_FOLDER
set -eu

case=$1
trace_replay=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d "$3/trace_replay $case.XXXXXX")
trace=$scratch/trace.swf
out=$scratch/out

finish() {
  code=$?
  trap - EXIT
  [ "$code" -ne 0 ] || rm -rf "$scratch"
  exit "$code"
}
trap finish EXIT
trap 'exit 1' INT TERM

# ---- what the tests are made of ----------------------------------------------

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ ! -e "$out" ] || sed 's/^/| /' "$out" >&2
  exit 1
}

# run WANTED_EXIT_CODE FLAG...: what the program says is in $out.
run() {
  wanted=$1
  shift
  code=0
  "$trace_replay" "$@" >"$out" 2>&1 || code=$?
  [ "$code" -eq "$wanted" ] || fail "exit code $code instead of $wanted"
}

# says TEXT: a line of the output holds it.
says() { grep -qF -- "$1" "$out" || fail "nothing says: $1"; }

# refuses MESSAGE FLAG...: the whole complaint.
refuses() {
  message=$1
  shift
  run 1 "$@"
  [ "$(cat "$out")" = "trace_replay: $message" ] || fail "not said: $message"
}

# make_trace JOBS SEED: of a machine of 64 processors that is a little too small
# for them; some jobs arrive in one second, some end in the second in which
# others arrive, and every tenth says too little to be replayed.
make_trace() {
  awk -v jobs="$1" -v seed="$2" '
    function draw(n) {
      seed = (seed * 16807) % 2147483647
      return seed % n
    }
    BEGIN {
      print "; Computer: made up"
      print "; MaxProcs: 64"
      for (i = 1; i <= jobs; i++) {
        submit += draw(3) ? draw(60) : 0
        run = draw(5) ? 1 + draw(100) : 1 + draw(900)
        width = draw(4) ? 1 + draw(8) : 1 + draw(64)
        asked = draw(20) ? run + draw(3) * draw(100) : 1 + draw(run)
        if (i % 10 == 0) run = draw(2) ? 0 : -1
        if (i % 3 == 0) asked = -1
        print i, submit, -1, run, draw(2) ? width : -1, "12.5", -1, width,
          asked, -1, 1, 1, 1, -1, -1, -1, -1, -1
      }
    }' >"$trace"
}

# same_as_awk POLICY PROCESSORS TRACE: as the figures of an independent program,
# the lines between machine and real time.
same_as_awk() {
  awk -v policy="$1" -v processors="$2" -f "$here/schedule.awk" "$3" \
    >"$scratch/wanted"
  sed '1,2d;$d' "$out" | cmp -s - "$scratch/wanted" || {
    cat "$scratch/wanted" >&2
    fail "other figures are right"
  }
}

# ---- good input --------------------------------------------------------------

test_fcfs() {
  for seed in 1 2 3; do
    make_trace 400 "$seed"
    run 0 --trace="$trace"
    says 'trace             360 jobs; left out: 40 that say too little, 0 too'
    says 'machine           64 processors, 1 instance'
    same_as_awk fcfs 64 "$trace"
  done
}

# What starts when does not depend on how much is told at once, nor on which
# limits hold.
test_fcfs_in_other_ways() {
  make_trace 300 4
  run 0 --trace="$trace" --steps=event
  same_as_awk fcfs 64 "$trace"
  run 0 --trace="$trace" --limits=aws
  same_as_awk fcfs 64 "$trace"
}

test_first_fit() {
  for seed in 1 2 3; do
    make_trace 400 "$seed"
    run 0 --trace="$trace" --policy=first-fit
    same_as_awk first-fit 64 "$trace"
  done
}

# Some jobs run longer than they asked for, and are stopped then.
test_backfill() {
  for seed in 1 2 3; do
    make_trace 400 "$seed"
    run 0 --trace="$trace" --policy=backfill
    says 'stopped '
    same_as_awk backfill 64 "$trace"
  done
}

test_backfill_with_exact_estimates() {
  for seed in 4 5 6; do
    make_trace 400 "$seed"
    awk '!/^;/ { $9 = -1 } { print }' "$trace" >"$scratch/exact"
    run 0 --trace="$trace" --policy=backfill --estimates=run
    same_as_awk backfill 64 "$scratch/exact"
  done
}

test_backfill_that_ends_before_the_start() {
  for seed in 7 8 9; do
    make_trace 400 "$seed"
    run 0 --trace="$trace" --policy=backfill --ends_before_start
    same_as_awk backfill-early 64 "$trace"
  done
}

test_another_machine() {
  make_trace 300 5
  run 0 --trace="$trace" --processors=1000
  same_as_awk fcfs 1000 "$trace"
  says 'mean 0.0000 s'
  run 0 --trace="$trace" --processors=40
  same_as_awk fcfs 40 "$trace"
}

# Jobs of up to 16 on four instances of 16, and on one of 64.
test_many_instances() {
  make_trace 300 6
  run 0 --trace="$trace" --instances=4
  says 'machine           64 processors, 4 instances'
  ! grep -q ' 0 too wide' "$out" || fail 'jobs of more than 16 fit'
  # With jobs of one width there is nothing to break up.
  awk '/^;/ { print; next } { $5 = $8 = 4; print }' "$trace" >"$scratch/narrow"
  run 0 --trace="$scratch/narrow" --instances=4
  same_as_awk fcfs 64 "$scratch/narrow"
}

# Where every processor is an instance of its own that is launched for a job and
# let go after it, multi-node jobs start when one of as many vCPUs would.
test_gangs() {
  for seed in 1 2 3; do
    make_trace 200 "$seed"
    run 0 --trace="$trace" --gangs
    says 'machine           64 processors, 64 instances'
    same_as_awk fcfs 64 "$trace"
  done
  run 0 --trace="$trace" --gangs --steps=event --limits=aws
  same_as_awk fcfs 64 "$trace"
}

test_sequences() {
  make_trace 400 7
  grep -v '^;' "$trace" | awk '$4 > 0' | tail -n +101 | head -n 50 \
    >"$scratch/sequence"
  run 0 --trace="$trace" --sequence_start=100 --sequence_length=50
  same_as_awk fcfs 64 "$scratch/sequence"
  run 0 --trace="$trace" --sequence_start=100,100 --sequence_length=50
  says 'means of 2 sequences'
  sed -i '/^from job 100 /d; /^means/d' "$out"
  same_as_awk fcfs 64 "$scratch/sequence"
}

test_standard_input() {
  make_trace 50 8
  "$trace_replay" --trace=- <"$trace" >"$out" 2>&1 || fail "exit code $?"
  same_as_awk fcfs 64 "$trace"
}

test_lines_as_others_write_them() {
  # Carriage returns, blank lines, blanks at both ends, tabs, no end of the last
  # line, MaxNodes alone, a number in the header that is none; not sorted.
  printf '; MaxNodes: 4\r\n;MaxProcs: unknown\n\n  2\t7 -1 5 2 %s  \r\n%s%s' \
    '-1 -1 2 -1 -1 1 1 1 -1 -1 -1 -1 -1' \
    '1 0 -1 10 3 -1 -1 -1 -1 -1 1 1 1 -1 -1 -1 -1 -1' >"$trace"
  # Job 2 waits from 7 to 10.
  run 0 --trace="$trace"
  says 'machine           4 processors'
  says 'mean 1.5000 s, median 3 s'
  says 'makespan          15 s'
}

# No line for a terminal is written where there is none.
test_no_progress_bar_in_a_file() {
  make_trace 3000 9
  run 0 --trace="$trace"
  ! grep -q "$(printf '\r')" "$out" || fail 'a progress bar in a file'
}

# ---- bad input ---------------------------------------------------------------

job='1 0 -1 10 3 -1 -1 3 10 -1 1 1 1 -1 -1 -1 -1 -1'

test_bad_traces() {
  refuses '--trace is missing; --help shows flags'
  refuses "$scratch/none: No such file or directory" --trace="$scratch/none"
  # bad MESSAGE LINE...: $trace holds the header and these lines.
  bad() {
    message=$1
    shift
    printf '; MaxProcs: 4\n' >"$trace"
    printf '%s\n' "$@" >>"$trace"
    refuses "$message" --trace="$trace"
  }
  bad "$trace:3: has 3 columns; must have 18" "$job" '2 0 -1'
  bad "$trace:2: has more than 18 columns" "$job 0"
  bad "$trace:2: column 1 is 'x'; must be a whole number" "x${job#1}"
  bad "$trace:2: column 4 is '1.5'; must be a whole number" \
    "$(echo "$job" | awk '{ $4 = "1.5"; print }')"
  bad "$trace:2: column 6 is 'y'; must be a number" \
    "$(echo "$job" | awk '{ $6 = "y"; print }')"
  bad "$trace:2: column 2 is -2; must be between -1 and 1000000000" \
    "$(echo "$job" | awk '{ $2 = "-2"; print }')"
  bad "$trace:2: column 8 is 1000000001; must be between -1 and 1000000000" \
    "$(echo "$job" | awk '{ $8 = "1000000001"; print }')"
  bad 'the trace has no jobs'
  bad 'the trace has no jobs' "$(echo "$job" | awk '{ $4 = -1; print }')"
  printf '\037\213' >"$trace"
  refuses "$trace is compressed; try: zcat $trace | trace_replay --trace=-" \
    --trace="$trace"
}

test_bad_flags() {
  make_trace 20 1
  refuses '--processors is -1; must be at least 1, or the trace must say it' \
    --trace="$trace" --processors=-1
  refuses '--instances is 0; must divide the number of processors, 64' \
    --trace="$trace" --instances=0
  refuses '--instances is 3; must divide the number of processors, 64' \
    --trace="$trace" --instances=3
  refuses '--instances is 2; with --gangs each processor is one' \
    --trace="$trace" --instances=2 --gangs
  refuses "--gangs is for --policy=fcfs, not 'first-fit'" \
    --trace="$trace" --gangs --policy=first-fit
  refuses "--policy is 'best'; must be fcfs, first-fit or backfill" \
    --trace="$trace" --policy=best
  refuses "--estimates is 'none'; must be request or run" \
    --trace="$trace" --policy=backfill --estimates=none
  refuses "--ends_before_start is for --policy=backfill, not 'fcfs'" \
    --trace="$trace" --ends_before_start
  refuses "--steps is 'minute'; must be second or event" \
    --trace="$trace" --steps=minute
  refuses "--limits is 'none'; must be aws or unlimited" \
    --trace="$trace" --limits=none
  refuses "--sequence_start is '18'; must be between 0 and 17" \
    --trace="$trace" --sequence_start=18
  refuses "--sequence_start is 'x'; must be between 0 and 17" \
    --trace="$trace" --sequence_start=x
  refuses '--sequence_length is 17; must be between 1 and 16' \
    --trace="$trace" --sequence_start=2 --sequence_length=17
  refuses '--sequence_length is 0; must be between 1 and 16' \
    --trace="$trace" --sequence_start=2 --sequence_length=0
  refuses 'takes flags only; --help shows them' "$trace"
  sed -i 1,2d "$trace"
  refuses '--processors is 0; must be at least 1, or the trace must say it' \
    --trace="$trace"
}

"test_$case"
