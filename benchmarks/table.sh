#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# table.sh <folder of benchmark programs>: runs the benchmarks of targets.txt and
# prints, for each row: target, baseline, what it is now, and that as a multiple
# of what the limit benchmark took in the same run.
#
# EMBATCH_REPETITIONS (3) runs of each; the median counts. EMBATCH_ROWS: only
# rows whose work matches this regular expression.
set -eu

programs=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
rows=$(mktemp)
figures=$(mktemp)
trap 'rm -f "$rows" "$figures"' EXIT

grep -v '^#' "$here/targets.txt" | grep -E "${EMBATCH_ROWS:-.}" >"$rows" || {
  echo "no row matches" >&2
  exit 1
}
# The names of all benchmarks that are wanted, as one regular expression.
filter=$(awk -F ' *[|] *' '
  { names[$5]; if ($7 != "-") names[$7] }
  END { for (name in names) text = text (text == "" ? "" : "|") name
        print "^(" text ")(/iterations:|/manual_time|$)" }' "$rows")

# The API's are there where there is Protobuf.
for program in limit_benchmark scheduler_benchmark api_benchmark; do
  [ "$program" != api_benchmark ] || [ -x "$programs/$program" ] || continue
  "$programs/$program" --benchmark_filter="$filter" --benchmark_format=json \
    --benchmark_repetitions="${EMBATCH_REPETITIONS:-3}" 2>/dev/null >>"$figures"
done

awk '
  function median(key,    n, i, j, values, value) {
    n = split(seen[key], values, " ")
    if (n == 0) return ""
    for (i = 2; i <= n; ++i)
      for (j = i; j > 1 && values[j] + 0 < values[j - 1] + 0; --j) {
        value = values[j]; values[j] = values[j - 1]; values[j - 1] = value
      }
    return values[int((n + 1) / 2)] + 0
  }
  FILENAME == ARGV[1] {
    # One member a line, as Google Benchmark writes its JSON.
    if (split($0, member, "\"") < 3) next
    value = member[3]
    gsub(/[ :,]/, "", value)
    if (member[2] == "name") {
      name = member[4]
      sub(/(\/iterations:[0-9]+)?(\/repeats:[0-9]+)?(\/manual_time)?$/, "", name)
    } else if (value != "" && name !~ /_(mean|median|stddev|cv)$/) {
      seen[name, member[2]] = seen[name, member[2]] " " value
    }
    next
  }
  FNR == 1 {
    printf "%-46s %-11s %9s %9s %9s %8s\n", "work", "unit", "target",
           "baseline", "now", "x limit"
  }
  {
    split($0, row, / *[|] */)
    now = median(row[5] SUBSEP row[6])
    limit = row[7] == "-" ? "" : median(row[7] SUBSEP "cpu_ns")
    printf "%-46s %-11s %9s %9s %9s %8s\n", row[1], row[2], row[3], row[4],
           now == "" ? "none" : sprintf(now < 100 ? "%.2f" : "%.0f", now),
           now == "" || limit == "" ? "-" : sprintf("%.2f", now / limit)
  }' "$figures" "$rows"
