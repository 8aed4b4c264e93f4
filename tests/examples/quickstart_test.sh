#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The quickstart prints what the READMEs say it prints.
#
# usage: quickstart_test.sh QUICKSTART SOURCE_FOLDER
set -eu

quickstart=$1
source=$2

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# quoted FILE: the fenced blocks of FILE that begin like the program's output,
# with a time, without their fences.
quoted() {
  awk '/^```/ { fenced = !fenced; first = fenced; show = 0; next }
       first { show = /^[0-9][0-9]:[0-9][0-9] /; first = 0 }
       fenced && show { print }' "$1"
}

output=$("$quickstart") || fail "exit code $?"
[ "$("$quickstart")" = "$output" ] || fail "a second run prints something else"

own=$source/examples/quickstart/README.md
for readme in "$own" "$source/README.md"; do
  [ -e "$readme" ] || continue
  quote=$(quoted "$readme")
  # The top README may do without the quotation.
  [ -n "$quote" ] || [ "$readme" != "$own" ] || fail "$own quotes nothing"
  if [ -n "$quote" ] && [ "$quote" != "$output" ]; then
    printf '%s quotes:\n%s\nbut the program prints:\n%s\n' \
      "$readme" "$quote" "$output"
    fail "$readme is not up to date"
  fi
done
