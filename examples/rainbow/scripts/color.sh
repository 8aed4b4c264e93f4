#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What one child of the array does: its line of color.txt becomes an object.
#
# usage: color.sh RUN
# reads $BUCKET/RUN/color.txt, puts $BUCKET/RUN/mycolor.<index, five digits>
set -eu

run=$1
# A job that is no array has no index. Lines count from 1, children from 0.
index=${AWS_BATCH_JOB_ARRAY_INDEX:-0}
line=$((index + 1))

color=$(sed -n "${line}{p;q;}" "$BUCKET/$run/color.txt")
if [ -z "$color" ]; then
  echo "color.sh: color.txt of $run has no line $line" >&2
  exit 1
fi
printf 'Line %s is %s.\n' "$line" "$color"

# Five digits, so that the objects' names sort like the indices.
number=$((100000 + index))
printf 'My favorite color of the rainbow is %s.\n' "$color" \
  >"$BUCKET/$run/mycolor.${number#1}"
