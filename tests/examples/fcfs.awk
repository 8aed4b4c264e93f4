# SPDX-License-Identifier: Apache-2.0
# An independent answer to what trace_replay computes for --policy=fcfs: reads a
# trace whose jobs are sorted by submission, prints the figures that it prints.
# Slow and obvious: each job starts when it was submitted, its predecessor has
# started, and enough of the jobs that run have ended.
#
# usage: awk -v processors=N -f fcfs.awk TRACE

/^;/ || NF == 0 { next }

{
  run = $4
  width = $5 > $8 ? $5 : $8
  if ($2 < 0 || run <= 0 || width <= 0 || width > processors) next
  if (jobs == 0) {
    first = clock = $2
    free = processors
  }
  if ($2 > clock) clock = $2
  free += ended(clock)
  while (free < width) {
    clock = earliest()
    free += ended(clock)
  }
  free -= width
  end[jobs] = clock + run
  wide[jobs] = width
  wait = clock - $2
  waits[jobs++] = wait
  sum += wait
  if (wait == 0) at_once++
  slow = (wait + run) / (run > 10 ? run : 10)
  slowdown += slow > 1 ? slow : 1
  work += run * width
  if (clock + run > last) last = clock + run
}

# Processors of the running jobs that end until `time`; they are forgotten.
function ended(time,  job, sum) {
  for (job in end) {
    if (end[job] <= time) {
      sum += wide[job]
      delete end[job]
    }
  }
  return sum
}

function earliest(  job, least) {
  for (job in end) if (least == "" || end[job] < least) least = end[job]
  return least
}

END {
  for (i = 1; i < jobs; i++) { # sorts
    wait = waits[i]
    for (j = i - 1; j >= 0 && waits[j] > wait; j--) waits[j + 1] = waits[j]
    waits[j + 1] = wait
  }
  printf "waiting time      mean %.4f s, median %d s, 95 %% %d s, ", sum / jobs,
    waits[int(jobs * 0.5)], waits[int(jobs * 95 / 100)]
  printf "99 %% %d s, longest %d s\n", waits[int(jobs * 99 / 100)],
    waits[jobs - 1]
  printf "bounded slowdown  %.4f\n", slowdown / jobs
  printf "utilisation       %.4f; until the last start %.4f\n",
    work / (processors * (last - first)), work / (processors * (clock - first))
  printf "makespan          %d s\n", last - first
  printf "started at once   %d jobs\n", at_once
}
