# SPDX-License-Identifier: Apache-2.0
# An independent answer to what trace_replay computes: reads a trace whose jobs
# are sorted by submission, prints the figures that it prints. Slow and obvious:
# second by second at which something happens, first the ends, then the
# arrivals, then one pass over those that wait.
#
# usage: awk -v processors=N -v policy=fcfs|first-fit|backfill|backfill-early
#            [-v estimates=run] -f schedule.awk TRACE

BEGIN { jobs = arrived = first_waiting = 0 }

/^;/ || NF == 0 { next }

{
  width[jobs] = $5 > $8 ? $5 : $8
  if ($2 < 0 || $4 <= 0 || width[jobs] <= 0 || width[jobs] > processors) next
  submit[jobs] = $2
  run[jobs] = $4
  asked[jobs] = $9 > 0 && estimates != "run" ? $9 : $4
  # Only a queue that backfills needs to know how long a job takes at most.
  if (policy ~ /backfill/ && run[jobs] > asked[jobs]) {
    run[jobs] = asked[jobs]
    stopped++
  }
  jobs++
}

function begin(job) {
  start[job] = clock
  free -= width[job]
  running[job] = 1
  delete waiting[job]
}

# Sets `reserved`, when the head can start if all run as long as they asked for,
# and `spare`, what it then leaves over.
function reserve(head,  job, room) {
  reserved = -1
  for (room = free; room < width[head]; reserved = least) {
    least = -1
    for (job in running) {
      if (start[job] + asked[job] > reserved &&
          (least < 0 || start[job] + asked[job] < least)) {
        least = start[job] + asked[job]
      }
    }
    for (job in running) {
      if (start[job] + asked[job] == least) room += width[job]
    }
  }
  spare = room - width[head]
}

# The first that waits, from `job` on.
function next_waiting(job) {
  while (job < arrived && !(job in waiting)) job++
  return job
}

function pass(  head, job) {
  head = next_waiting(first_waiting)
  while (head < arrived && width[head] <= free) {
    begin(head)
    head = next_waiting(head)
  }
  first_waiting = head
  if (policy == "fcfs" || head >= arrived) return
  if (policy != "first-fit") reserve(head)
  for (job = head + 1; job < arrived; job++) {
    if (!(job in waiting) || width[job] > free) continue
    if (policy == "first-fit") {
      begin(job)
    } else if (policy == "backfill-early") {
      if (clock + asked[job] < reserved) begin(job)
    } else if (clock + asked[job] <= reserved) {
      begin(job)
    } else if (width[job] <= spare) {
      spare -= width[job]
      begin(job)
    }
  }
}

function next_moment(  job, least) { # -1: nothing is left
  least = arrived < jobs ? submit[arrived] : -1
  for (job in running) {
    if (least < 0 || start[job] + run[job] < least) least = start[job] + run[job]
  }
  return least
}

END {
  free = processors
  while ((clock = next_moment()) >= 0) {
    for (job in running) {
      if (start[job] + run[job] == clock) {
        free += width[job]
        delete running[job]
      }
    }
    while (arrived < jobs && submit[arrived] == clock) waiting[arrived++] = 1
    pass()
  }
  for (i = 0; i < jobs; i++) {
    wait = start[i] - submit[i]
    sum += wait
    if (wait == 0) at_once++
    slow = (wait + run[i]) / (run[i] > 10 ? run[i] : 10)
    slowdown += slow > 1 ? slow : 1
    work += run[i] * width[i]
    if (start[i] > last_start) last_start = start[i]
    if (start[i] + run[i] > last) last = start[i] + run[i]
    for (j = i - 1; j >= 0 && waits[j] > wait; j--) waits[j + 1] = waits[j]
    waits[j + 1] = wait
  }
  printf "waiting time      mean %.4f s, median %d s, 95 %% %d s, ", sum / jobs,
    waits[int(jobs * 0.5)], waits[int(jobs * 95 / 100)]
  printf "99 %% %d s, longest %d s\n", waits[int(jobs * 99 / 100)],
    waits[jobs - 1]
  printf "bounded slowdown  %.4f\n", slowdown / jobs
  printf "utilisation       %.4f; until the last start %.4f\n",
    work / (processors * (last - submit[0])),
    work / (processors * (last_start - submit[0]))
  printf "makespan          %d s\n", last - submit[0]
  printf "started at once   %d jobs\n", at_once
  if (stopped > 0) {
    printf "stopped           %d jobs, after the time they asked for\n", stopped
  }
}
