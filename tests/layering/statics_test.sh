#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# statics_test.sh <library>...: fails if a static library has a variable that
# could change and that all its users would share. Schedulers in two threads
# have nothing in common, so they need no lock and none waits for another.
#
# What is allowed: constants that need the loader (.data.rel.ro), what the
# compiler itself adds, and constants that are made when first used, which are
# named here.
set -eu

allowed='DW\.ref\.|guard variable for |std::__ioinit$|::Usual\(\)::usual$'

if ! command -v objdump >/dev/null 2>&1; then
  echo "skipped: there is no objdump"
  exit 77
fi
failed=0
for library in "$@"; do
  symbols=$(objdump -tC "$library")
  # A library without code would pass as well.
  echo "$symbols" | grep -q ' F \.text.*embatch::' || {
    echo "$library: no function of embatch's is in it"
    failed=1
  }
  # address, flags, section, size, name: with a tab before the size.
  found=$(echo "$symbols" |
    grep -E ' O (\.(data|bss|tdata|tbss)|\*COM\*)' |
    grep -vE ' \.data\.rel\.ro' | grep -vE "$allowed" || true)
  [ -z "$found" ] || {
    echo "$library has variables that can change:"
    echo "$found" | sort -u
    failed=1
  }
done
exit "$failed"
