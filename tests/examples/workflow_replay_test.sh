#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# workflow_replay on small workflows whose makespans can be worked out by hand,
# good and bad input. Every function test_<case> is one test.
#
# usage: workflow_replay_test.sh CASE WORKFLOW_REPLAY SCRATCH_FOLDER
set -eu

case=$1
workflow_replay=$2
scratch=$(mktemp -d "$3/workflow_replay $case.XXXXXX")
workflow=$scratch/workflow.json
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
  "$workflow_replay" --workflow="$workflow" "$@" >"$out" 2>&1 || code=$?
  [ "$code" -eq "$wanted" ] || fail "exit code $code instead of $wanted"
}

# says TEXT: a line of the output is this.
says() { grep -qxF -- "$1" "$out" || fail "nothing says: $1"; }
complains() { grep -qF -- "$1" "$out" || fail "nothing says: $1"; }

# make_workflow: of lines "task seconds parent...", the way WfCommons has it. A
# task's kind is what stands before a digit in its name.
make_workflow() {
  awk '
    {
      parents = ""
      for (i = 3; i <= NF; i++) parents = parents ", \"" $i "\""
      specification = specification (NR > 1 ? ", " : "") "{\"id\": \"" $1 \
        "\", \"name\": \"" $1 "\", \"parents\": [" substr(parents, 3) "]}"
      kind = $1
      sub(/[0-9].*/, "", kind)
      execution = execution (NR > 1 ? ", " : "") "{\"id\": \"" $1 \
        "\", \"runtimeInSeconds\": " $2 ", \"command\": {\"program\": \"" \
        kind "\"}}"
    }
    END {
      print "{\"name\": \"small\", \"workflow\": {\"specification\":" \
        "{\"tasks\": [" specification "]}, \"execution\": {\"tasks\": [" \
        execution "]}}}"
    }' >"$workflow"
}

# A task is split into four, each of which is refined, and all are joined:
#
#              ,-> part1 -> fine1 -.
#      split -+--> part2 -> fine2 --+-> join
#             `--> ...              |
#                 part1 ... part4 --+-> sum
make_fork() {
  make_workflow <<'END'
split 1
part1 4 split
part2 3 split
part3 2 split
part4 1 split
fine1 1 part1
fine2 1 part2
fine3 1 part3
fine4 1.5 part4
join 2 fine1 fine2 fine3 fine4
sum 0.25 part1 part2 part3 part4
END
}

# ---- good input --------------------------------------------------------------

# Two arrays with N_TO_N between them; what waits for every child waits for the
# array.
test_arrays() {
  make_fork
  run 0 --cores=4
  says 'workflow       small: 11 tasks'
  says 'submitted      5 jobs, 2 of them arrays'
  says 'critical path  8.000 s'
  says 'work           4.438 s on each of 4 cores'
  says 'makespan       8.000 s'
}

# One after the other it takes as long as the work.
test_one_core() {
  make_fork
  for submit in arrays singles when_ready; do
    run 0 --cores=1 --submit="$submit"
    says 'makespan       17.750 s'
  done
}

# On two cores, who comes first decides. When a core is free at 4, 5 and 6 s:
# by submission part4 and then fine1, fine2, fine3, in either core; by the time
# at which they became ready the same here.
test_two_cores() {
  make_fork
  run 0 --cores=2 --submit=singles
  says 'submitted      11 jobs, 0 of them arrays'
  # split 0-1; part1 1-5 | part2 1-4, part3 4-6; part4 5-6; fine1 6-7 | fine2
  # 6-7; fine3 7-8 | fine4 7-8.5; sum 8-8.25; join 8.5-10.5.
  says 'makespan       10.500 s'
}

# A task that became ready first goes first, whatever its place in the file:
# then the long one begins at 2 s instead of 3 s.
test_when_ready() {
  make_workflow <<'END'
a 2
b 1
after_a1 1 a
long 10 b
END
  run 0 --cores=1 --submit=when_ready
  says 'makespan       14.000 s'
  make_workflow <<'END'
a 2
b 1
c 2 b
d 1 a
long 10 d
END
  # a 0-2, b 0-1, c 1-3, d 2-3, long 3-13.
  run 0 --cores=2 --submit=when_ready
  says 'makespan       13.000 s'
}

# By submission x is before y, though y waits longer.
test_order_of_submission() {
  make_workflow <<'END'
a 1
b 3
x 5 b
y 1 a
z 9 y
END
  # Two cores: a 0-1, b 0-3, y 1-2, z 2-11, x 3-8.
  run 0 --cores=2 --submit=singles
  says 'makespan       11.000 s'
  make_workflow <<'END'
root 1
slow 2
x1 5 root slow
y1 4 root
END
  # One core: root 0-1, slow 1-3, then x1 before y1 by submission, though y1 was
  # ready first.
  run 0 --cores=1 --submit=singles
  says 'makespan       12.000 s'
}

# A part of an array is waited for child by child.
test_some_children() {
  make_workflow <<'END'
split 1
part1 4 split
part2 3 split
part3 2 split
first 1 part1 part2
END
  run 0 --cores=3
  says 'submitted      3 jobs, 1 of them arrays'
  says 'makespan       6.000 s'
}

test_nothing_takes_time() {
  make_workflow <<'END'
a 0
b 0 a
c 0 a b
END
  for submit in arrays singles when_ready; do
    run 0 --submit="$submit"
    says 'makespan       0.000 s'
  done
}

test_wide() {
  { echo 'split 1'; seq -f 'part%g 1 split' 1000
    echo "join 1 $(seq -s ' ' -f 'part%g' 1000)"; } | make_workflow
  for submit in arrays singles when_ready; do
    run 0 --cores=100 --submit="$submit"
    says 'makespan       12.000 s'
  done
  # AWS's limits: 1,000 dependencies are too many, one on an array is not.
  run 0 --cores=100 --limits=aws
  says 'makespan       12.000 s'
  run 1 --cores=100 --limits=aws --submit=singles
  complains 'depends_on'
}

test_standard_input() {
  make_fork
  "$workflow_replay" --workflow=- --cores=4 <"$workflow" >"$out" 2>&1 ||
    fail "exit code $?"
  says 'makespan       8.000 s'
}

# ---- bad input ---------------------------------------------------------------

test_bad_workflows() {
  # bad MESSAGE FLAG...: $workflow is refused.
  bad() {
    message=$1
    shift
    run 1 "$@"
    complains "workflow_replay: $message"
  }
  bad "$workflow: can't be read"
  echo '{"workflow": ' >"$workflow"
  bad "$workflow: [json.exception.parse_error.101] parse error at line 2"
  echo '{"workflow": {}}' >"$workflow"
  bad "$workflow: [json.exception.out_of_range.403] (/workflow) key 'execution'"
  : | make_workflow
  bad "$workflow: has no tasks"
  echo 'a 1 b' | make_workflow
  bad "$workflow: task 'a' waits for 'b', which is not there"
  printf 'a 1\na 1\n' | make_workflow
  bad "$workflow: task 'a' is there twice"
  printf 'a 1 b\nb 1 a\n' | make_workflow
  bad "$workflow: tasks wait for each other in a circle"
  echo 'a -1' | make_workflow
  bad "$workflow: task 'a' has runtimeInSeconds -1; must be between 0 and 1e+09"
  echo 'a "long"' | make_workflow
  bad "$workflow: [json.exception.type_error.302] (/workflow/execution/tasks/0/"
  make_fork
  sed -i 's/"runtimeInSeconds": 2,/&"coreCount": 0,/' "$workflow"
  bad "$workflow: task 'part3' has coreCount 0; must be between 1 and 1000000"
  sed -i 's/"coreCount": 0/"coreCount": 8/' "$workflow"
  bad "task 'part3' needs 8 cores, and the machine has 4" --cores=4
  sed -i 's/"id": "sum", "run/"id": "all", "run/' "$workflow"
  bad "$workflow: task 'sum' was never executed"
}

test_bad_flags() {
  make_fork
  run 1 --cores=0
  complains '--cores is 0; must be between 1 and 1000000'
  run 1 --submit=soon
  complains "--submit is 'soon'; must be arrays, singles or when_ready"
  run 1 --limits=none
  complains "--limits is 'none'; must be aws or unlimited"
  run 1 workflow.json
  complains 'takes flags only; --help shows them'
  run 1 --workflow=
  complains '--workflow is missing; --help shows flags'
}

"test_$case"
