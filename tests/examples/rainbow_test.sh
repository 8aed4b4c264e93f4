#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rainbow demo, run for real: good input, bad input, jobs and hosts that are
# killed. Every function test_<case> is one test.
#
# usage: rainbow_test.sh CASE RAINBOW SCRIPTS_FOLDER SCRATCH_FOLDER
set -eu

case=$1
rainbow=$2
scripts=$3
# A blank in the name: paths must survive one.
scratch=$(mktemp -d "$4/rainbow $case.XXXXXX")
bucket=$scratch/bucket
out=$scratch/out
host=

# What a test leaves running must not outlive it. Its folder stays if it failed.
finish() {
  code=$?
  trap - EXIT
  [ -z "$host" ] || kill -9 "$host" 2>/dev/null || true
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

# make_bucket [LINE...]: with these lines as color.txt, if any.
make_bucket() {
  mkdir "$bucket"
  [ $# -eq 0 ] || put "$@"
}

# put LINE...: color.txt appears whole.
put() {
  printf '%s\n' "$@" >"$scratch/color.txt"
  mv "$scratch/color.txt" "$bucket/color.txt"
}

# run WANTED_EXIT_CODE FLAG...: what the program says is in $out.
run() {
  wanted=$1
  shift
  code=0
  TMPDIR=$scratch "$rainbow" --logs="$scratch/logs" "$@" >"$out" 2>&1 || code=$?
  [ "$code" -eq "$wanted" ] || fail "exit code $code instead of $wanted"
}

# start FLAG...: begins to watch the bucket in the background.
start() {
  rm -f "$out" # What an earlier host said must not count.
  "$rainbow" --logs="$scratch/logs" --bucket="$bucket" "$@" >"$out" 2>&1 &
  host=$!
  wait_for "the host to watch" grep -qs 'Ctrl-C ends' "$out"
}

# end_of_host WANTED_EXIT_CODE: waits for it.
end_of_host() {
  code=0
  wait "$host" || code=$?
  host=
  [ "$code" -eq "$1" ] || fail "the host's exit code is $code instead of $1"
}

# wait_for WHAT COMMAND...: until the command succeeds, half a minute at most.
wait_for() {
  what=$1
  shift
  tries=600
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "waited in vain for $what"
    [ -z "$host" ] || kill -0 "$host" 2>/dev/null ||
      fail "the host ended; it was to be waited for $what"
    sleep 0.05
  done
}

# says TEXT: a line of the output holds it.
says() { grep -qF -- "$1" "$out" || fail "nothing says: $1"; }
never_says() { ! grep -qF -- "$1" "$out" || fail "something says: $1"; }

# event NAME FROM TO [REASON]: such a line is there.
event() {
  awk -v name="$1" -v from="$2" -v to="$3" -v reason="${4:+($4}" '
    $2 == "s" && $3 == name && $4 == from && $5 == "->" && $6 == to {
      $1 = $2 = $3 = $4 = $5 = $6 = ""
      sub(/^ +/, "")
      if (reason == "" || index($0, reason) == 1) found = 1
    }
    END { exit !found }' "$out" || fail "no event: $*"
}

sentences() { sed 's/.*/My favorite color of the rainbow is &./'; }

# mycolor_is LINE...: made of these colours, in this order.
mycolor_is() {
  printf '%s\n' "$@" | sentences >"$scratch/wanted"
  cmp "$scratch/wanted" "$bucket/mycolor" || fail "mycolor is wrong"
}
same_mycolor() { # while waiting
  printf '%s\n' "$@" | sentences | cmp -s - "$bucket/mycolor"
}

no_objects() {
  [ -z "$(find "$bucket" -mindepth 1 ! -name color.txt)" ] ||
    fail "the bucket is not empty: $(ls "$bucket")"
}

# script NAME: takes standard input for the job's script, the other stays.
script() {
  mkdir -p "$scratch/scripts"
  [ -e "$scratch/scripts/mycolor.sh" ] ||
    cp "$scripts/color.sh" "$scripts/mycolor.sh" "$scratch/scripts"
  { echo '#!/bin/sh'; cat; } >"$scratch/scripts/$1"
}

# A child waits, with a process of its own, until the test says go.
slow_color_script() {
  script color.sh <<END
set -eu
if [ ! -e "\$BUCKET/go" ]; then
  sleep 1000 &
  echo \$\$ \$! >>"\$BUCKET/pids"
  until [ -e "\$BUCKET/go" ]; do sleep 0.05; done
  kill \$!
fi
exec "$scripts/color.sh" "\$@"
END
}

# Whether all processes that slow_color_script named are gone; a dead one that
# nobody has collected is.
pids_gone() {
  for pid in $(cat "$bucket/pids"); do
    case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
      '' | [ZX]*) ;;
      *) return 1 ;;
    esac
  done
}

# ---- good input --------------------------------------------------------------

test_demo() {
  run 0 --demo
  bucket=$(find "$scratch" -type d -name bucket)
  mycolor_is red orange yellow green blue indigo violet
  for index in 0 1 2 3 4 5 6; do
    event "color:$index" RUNNABLE STARTING
    event "color:$index" STARTING RUNNING
    event "color:$index" RUNNING SUCCEEDED
  done
  event color SUBMITTED PENDING
  event color PENDING SUCCEEDED
  event mycolor SUBMITTED PENDING
  event mycolor PENDING RUNNABLE
  event mycolor RUNNING SUCCEEDED
  says 'It worked.'
  # The second job started when the array was over, not before.
  [ "$(awk '$3 == "color" && $6 == "SUCCEEDED" { print "color" }
            $3 == "mycolor" && $6 == "STARTING" { print "mycolor" }' "$out" |
    tr '\n' ' ')" = 'color mycolor ' ] || fail "mycolor did not wait"
}

test_no_color_in_a_file() {
  run 0 --demo
  ! grep -q "$(printf '\033')" "$out" || fail "escapes in a file"
}

test_one_line() {
  make_bucket scarlet
  run 0 --bucket="$bucket" --once
  mycolor_is scarlet
  event color RUNNING SUCCEEDED
  never_says color:0
}

test_two_lines_on_one_vcpu() {
  make_bucket black white
  run 0 --bucket="$bucket" --once --vcpus=1
  mycolor_is black white
  # The second child starts when the first one is over.
  [ "$(awk '$3 == "color:0" && $6 == "SUCCEEDED" { print 0 }
            $3 == "color:1" && $6 == "STARTING" { print 1 }' "$out" |
    tr '\n' ' ')" = '0 1 ' ] || fail "two at a time on one vCPU"
}

test_three_hundred_lines() {
  make_bucket
  seq -f 'grey number %g' 300 >"$bucket/color.txt"
  run 0 --bucket="$bucket" --once
  sentences <"$bucket/color.txt" | cmp - "$bucket/mycolor"
  event color PENDING SUCCEEDED
  # The children of a large array are not shown one by one.
  [ "$(wc -l <"$out")" -lt 100 ] || fail "too much is said"
}

test_ten_thousand_lines() {
  make_bucket
  seq -f 'grey number %g' 10000 >"$bucket/color.txt"
  run 0 --bucket="$bucket" --once
  sentences <"$bucket/color.txt" | cmp - "$bucket/mycolor"
}

test_verbose_shows_every_child() {
  make_bucket
  seq 30 >"$bucket/color.txt"
  run 0 --bucket="$bucket" --once --verbose
  for index in 0 15 29; do event "color:$index" RUNNING SUCCEEDED; done
}

test_lines_as_others_write_them() {
  make_bucket
  # Carriage returns, blank lines, an ampersand, no end of the last line.
  printf 'red\r\n\r\n  sky blue\n\nblack & white\n\n50%% grey' \
    >"$bucket/color.txt"
  run 0 --bucket="$bucket" --once
  mycolor_is red 'sky blue' 'black & white' '50% grey'
}

# ---- bad input ---------------------------------------------------------------

test_empty_color_txt() {
  make_bucket
  : >"$bucket/color.txt"
  run 1 --bucket="$bucket" --once
  says 'is empty'
  never_says submitted
  no_objects
}

test_blank_color_txt() {
  make_bucket '' '  ' ''
  run 1 --bucket="$bucket" --once
  says 'is empty'
  no_objects
}

test_missing_color_txt() {
  make_bucket
  run 1 --bucket="$bucket" --once
  says 'color.txt'
  says 'No such file or directory'
  no_objects
}

test_color_txt_is_a_folder() {
  make_bucket
  mkdir "$bucket/color.txt"
  run 1 --bucket="$bucket" --once
  says 'is no regular file'
}

test_too_many_lines() {
  make_bucket
  seq 10001 >"$bucket/color.txt"
  run 1 --bucket="$bucket" --once
  says 10001
  says 10000
  no_objects
}

test_missing_bucket() {
  run 1 --bucket="$scratch/nowhere" --once
  says "there is no bucket folder '$scratch/nowhere'"
}

test_bucket_is_a_file() {
  : >"$scratch/file"
  run 1 --bucket="$scratch/file" --once
  says 'Not a directory'
}

test_wrong_flags() {
  make_bucket red
  run 1
  says 'either --demo or --bucket'
  run 1 --demo --bucket="$bucket"
  says 'either --demo or --bucket'
  run 1 --bucket="$bucket" --once --vcpus=-1
  says '--vcpus is -1'
  run 1 --bucket="$bucket" --once --memory=0
  says memory
  run 1 --bucket="$bucket" --no_such_flag
  says no_such_flag
  run 1 --bucket="$bucket" color.txt
  says '--help'
  no_objects
}

test_failing_script() {
  make_bucket red orange yellow
  script color.sh <<END
if [ "\$AWS_BATCH_JOB_ARRAY_INDEX" -eq 1 ]; then
  echo out of paint >&2
  exit 3
fi
exec "$scripts/color.sh" "\$@"
END
  run 1 --bucket="$bucket" --once --scripts="$scratch/scripts"
  event color:0 RUNNING SUCCEEDED
  event color:1 RUNNING FAILED 'Essential container in task exited'
  event color:2 RUNNING SUCCEEDED
  event color PENDING FAILED 'Array Child Job failed'
  event mycolor PENDING FAILED 'Dependent Job failed'
  says 'exit code 3'
  says '| out of paint'
  [ ! -e "$bucket/mycolor" ] || fail "there is a mycolor"
}

test_many_failures_are_summed_up() {
  make_bucket
  seq 100 >"$bucket/color.txt"
  script color.sh <<'END'
exit 4
END
  run 1 --bucket="$bucket" --once --scripts="$scratch/scripts"
  [ "$(grep -c 'exit code 4' "$out")" -eq 5 ] || fail "not five failures"
  event color PENDING FAILED 'Array Child Job failed'
  says '5 FAILED' # a row of the timeline
}

test_failing_second_script() {
  make_bucket red orange
  script mycolor.sh <<'END'
exit 7
END
  run 1 --bucket="$bucket" --once --scripts="$scratch/scripts"
  event color PENDING SUCCEEDED
  event mycolor RUNNING FAILED 'Essential container in task exited'
  says 'exit code 7'
}

test_script_not_executable() {
  make_bucket red orange
  script color.sh </dev/null
  chmod a-x "$scratch/scripts/color.sh"
  run 1 --bucket="$bucket" --once --scripts="$scratch/scripts"
  event color:0 STARTING FAILED
  says CannotStartContainerError
  says 'Permission denied'
  event mycolor PENDING FAILED 'Dependent Job failed'
}

test_missing_script() {
  make_bucket red
  run 1 --bucket="$bucket" --once --scripts="$scratch/nowhere"
  event color STARTING FAILED
  says CannotStartContainerError
  says 'No such file or directory'
}

test_killed_job() {
  make_bucket red orange
  script color.sh <<'END'
kill -9 $$
END
  run 1 --bucket="$bucket" --once --scripts="$scratch/scripts"
  event color:0 RUNNING FAILED 'Essential container in task exited'
  says 'exit code 137 (signal 9)'
}

test_impossible_memory() {
  make_bucket red orange
  run 1 --bucket="$bucket" --once --memory=99999999
  event color:0 RUNNABLE RUNNABLE \
    'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement'
  event color PENDING FAILED 'No instance can hold the job'
  event mycolor PENDING FAILED
  says 'try a smaller --memory'
}

# ---- watching ----------------------------------------------------------------

test_second_put() {
  make_bucket
  start
  put red orange
  wait_for "the first result" same_mycolor red orange
  put green
  wait_for "the second result" same_mycolor green
  # As cp and editors do it.
  printf 'blue\nviolet\n' >"$bucket/color.txt"
  wait_for "the third result" same_mycolor blue violet
  wait_for "the third run to be shown" grep -q 'run-3 SUCCEEDED' "$out"
  kill "$host"
  end_of_host 0
}

test_put_during_a_run() {
  make_bucket
  slow_color_script
  start --scripts="$scratch/scripts"
  put red orange
  wait_for "the first run" test -e "$bucket/pids"
  put blue
  wait_for "the second run" test -e "$bucket/run-2/color.txt"
  : >"$bucket/go"
  wait_for "the result" same_mycolor blue
  wait_for "the second run to be shown" grep -q 'run-2 SUCCEEDED' "$out"
  kill "$host"
  end_of_host 0
  says 'run-1 SUCCEEDED'
  [ "$(cat "$bucket"/run-1/mycolor.*)" = \
    "$(printf 'red\norange\n' | sentences)" ] || fail "the first run is mixed up"
}

test_bad_put_while_watching() {
  make_bucket
  start
  : >"$bucket/color.txt"
  wait_for "the complaint" grep -q 'is empty' "$out"
  put red
  wait_for "the result" same_mycolor red
  wait_for "the run to be shown" grep -q 'run-1 SUCCEEDED' "$out"
  kill "$host"
  end_of_host 1 # not everything worked
}

test_put_before_watching() {
  make_bucket red
  start
  wait_for "the result" same_mycolor red
  wait_for "the run to be shown" grep -q 'run-1 SUCCEEDED' "$out"
  kill "$host"
  end_of_host 0
  # What has been done is not done again.
  start
  kill "$host"
  end_of_host 0
  [ ! -e "$bucket/run-2" ] || fail "it ran again"
}

test_stop_during_a_run() {
  make_bucket red orange
  slow_color_script
  start --scripts="$scratch/scripts"
  wait_for "the run" test -e "$bucket/pids"
  kill "$host"
  end_of_host 1
  event color PENDING FAILED 'Stopped by the user'
  says 'exit code 143 (signal 15)'
  pids_gone || fail "processes are left"
}

test_killed_host_leaves_no_process() {
  make_bucket red orange
  slow_color_script
  start --scripts="$scratch/scripts"
  wait_for "the run" test -e "$bucket/pids"
  kill -9 "$host"
  end_of_host 137
  wait_for "the processes to go" pids_gone
  # A new host takes up what the dead one left undone.
  : >"$bucket/go"
  start --scripts="$scratch/scripts"
  wait_for "the result" same_mycolor red orange
  wait_for "the run to be shown" grep -q 'run-2 SUCCEEDED' "$out"
  kill "$host"
  end_of_host 0
}

test_bucket_goes_away() {
  make_bucket
  start
  rmdir "$bucket"
  end_of_host 1
  says 'is gone'
}

"test_$case"
