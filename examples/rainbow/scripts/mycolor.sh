#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the second job does: joins the children's objects, in their order, into
# the bucket's object mycolor.
#
# usage: mycolor.sh RUN
# reads $BUCKET/RUN/mycolor.<index>, puts $BUCKET/mycolor
set -eu
# Names sort by their bytes.
LC_ALL=C
export LC_ALL

run=$1
cd "$BUCKET/$run"

lines=$(wc -l <color.txt)
set -- mycolor.[0-9]*
[ -e "$1" ] || shift # Without a match the pattern itself is left.
if [ "$#" -ne "$lines" ]; then
  echo "mycolor.sh: $run has $lines lines, but $# objects" >&2
  exit 1
fi
cat "$@" >.mycolor
# Whoever reads the object meanwhile sees the old one or the new one, whole.
mv -f .mycolor ../mycolor
echo "Joined $# objects."
