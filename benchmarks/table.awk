# SPDX-License-Identifier: Apache-2.0
# table.awk <figures> <rows>: the second half of table.sh, which says what the
# files are.

# Of figures in a text, in any order: the median, the least, the greatest.
function pick(text, how,    n, i, j, values, value) {
  n = split(text, values, " ")
  if (n == 0) return ""
  for (i = 2; i <= n; ++i)
    for (j = i; j > 1 && values[j] + 0 < values[j - 1] + 0; --j) {
      value = values[j]; values[j] = values[j - 1]; values[j - 1] = value
    }
  if (how == "least") return values[1] + 0
  if (how == "greatest") return values[n] + 0
  return values[int((n + 1) / 2)] + 0
}
# A counter of a benchmark; "any X": the greatest of all whose names begin
# with X. "counter least": of the rounds the least, and not the median.
function figure(name, counter,    how, key, part, value, greatest) {
  how = counter ~ / least$/ ? "least" : "median"
  sub(/ least$/, "", counter)
  if (name !~ /^any /) return pick(seen[name, counter], how)
  sub(/^any /, "", name)
  for (key in seen) {
    split(key, part, SUBSEP)
    if (part[2] != counter || index(part[1], name) != 1) continue
    value = pick(seen[key], how)
    if (greatest == "" || value > greatest) greatest = value
  }
  return greatest
}
# The median of the ratios of two counters, each of one round.
function ratio(name, counter, to_name, to_counter,    r, text) {
  for (r = 1; r <= rounds; ++r) {
    if (at[name, counter, r] == "" || at[to_name, to_counter, r] + 0 == 0)
      continue
    text = text " " at[name, counter, r] / at[to_name, to_counter, r]
  }
  return pick(text, "median")
}
function shown(value) {
  if (value == "") return "none"
  return sprintf(value < 100 ? "%.2f" : "%.0f", value)
}
function number(text) { sub(/^> /, "", text); return text + 0 }

FILENAME == ARGV[1] && $0 == "\"round\"" { ++rounds; next }
FILENAME == ARGV[1] {
  # One member a line, as Google Benchmark writes its JSON.
  if (split($0, member, "\"") < 3) next
  value = member[3]
  gsub(/[ :,]/, "", value)
  if (member[2] == "name") {
    name = member[4]
    sub(/(\/iterations:[0-9]+)?(\/repeats:[0-9]+)?(\/manual_time|\/real_time)?$/,
        "", name)
  } else if (value != "") {
    seen[name, member[2]] = seen[name, member[2]] " " value
    at[name, member[2], rounds] = value
  }
  next
}
FNR == 1 {
  printf "| %-46s | %-11s | %8s | %8s | %8s | %8s | %7s |\n", "work", "unit",
         "target", "baseline", "now", "x target", "x limit"
  print "| --- | --- | --- | --- | --- | --- | --- |"
}
{
  n = split($0, row, / *[|] */)
  if (row[6] ~ /^over /) {
    # A ratio of two benchmarks, the second named by the limit's column.
    counter = row[6]
    sub(/^over /, "", counter)
    now = ratio(row[5], counter, row[7], counter)
    limit = ""
  } else {
    now = figure(row[5], row[6])
    limit = row[7] == "-" ? "" : ratio(row[5], row[6], row[7], "cpu_ns")
  }
  target = number(row[3])
  printf "| %-46s | %-11s | %8s | %8s | %8s | %8s | %7s |\n", row[1], row[2],
         row[3], row[4], shown(now),
         now == "" || target == 0 ? "-" : sprintf("%.2f", now / target),
         limit == "" ? "-" : sprintf("%.2f", limit)
  if (n >= 8 && row[8] != "") {
    main_rows[++mains] = sprintf("| %-46s | %8s | %11s | %8s | %12s |", row[1],
        shown(figure(row[5], row[6])), shown(figure(row[5], "allocations")),
        shown(figure(row[5], "bytes")),
        shown(figure("instructions:" row[8], "instructions")))
  }
}
END {
  if (mains == 0) exit
  printf "\n| %-46s | %8s | %11s | %8s | %12s |\n", "for one job", "ns",
         "allocations", "bytes", "instructions"
  print "| --- | --- | --- | --- | --- |"
  for (i = 1; i <= mains; ++i) print main_rows[i]
}
