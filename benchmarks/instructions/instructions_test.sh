#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# instructions_test.sh <instruction_runs> <expected.txt> <yes|no>: counts the
# instructions of each run in expected.txt and fails if a run takes over 3 % more
# or less than is expected. A run that got cheaper fails too, so that the file is
# always what is true. EMBATCH_UPDATE=1 writes the file anew instead.
#
# Skipped (77) where there is no valgrind, and with "no": the build is another
# one than the file is for.
set -eu

program=$1
expected=$2
tolerance_percent=3

if [ "${3:-yes}" != yes ]; then
  echo "skipped: expected.txt is for GCC 12 on x86-64 and the build of"
  echo "'cmake/dev instructions'"
  exit 77
fi
if ! command -v valgrind >/dev/null 2>&1; then
  echo "skipped: valgrind is not installed, so no instruction can be counted"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# count <run>: instructions of CountedRun().
count() {
  valgrind --tool=callgrind --callgrind-out-file="$folder/out" \
    --toggle-collect=CountedRun "$program" "$1" 2>&1 |
    sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p'
}

if [ "${EMBATCH_UPDATE:-}" = 1 ]; then
  grep '^#' "$expected" >"$folder/new"
  "$program" | while read -r run _; do echo "$run $(count "$run")"; done \
    >>"$folder/new"
  cp "$folder/new" "$expected"
  exit 0
fi

failed=0
compared=0
while read -r run want; do
  case $run in '#'* | '') continue ;; esac
  compared=$((compared + 1))
  got=$(count "$run")
  if [ -z "$got" ]; then
    echo "$run: nothing was counted"
    failed=1
    continue
  fi
  change=$(((got - want) * 1000 / want))
  echo "$run: $got instructions, $want expected ($change per mille)"
  if [ "$change" -gt $((tolerance_percent * 10)) ] ||
    [ "$change" -lt $((-tolerance_percent * 10)) ]; then
    failed=1
  fi
done <"$expected"
[ "$compared" -gt 0 ] || {
  echo "there is nothing in $expected to compare with"
  exit 1
}
[ "$failed" -eq 0 ] || {
  echo "If the change is meant, set EMBATCH_UPDATE=1, run this again, and say"
  echo "in the commit why."
  exit 1
}
