// SPDX-License-Identifier: Apache-2.0
#include "timeline.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "embatch/job.h"
#include "terminal.h"

namespace rainbow {
namespace {

constexpr int kRowsMax = 20;  // for one array
constexpr int kColumns = 50;

// A job, or a child, that is over.
struct Life {
  absl::Time created;
  absl::Time started;  // never: InfiniteFuture
  absl::Time stopped;
  embatch::JobStatus status = embatch::JobStatus::kFailed;
};

struct Row {
  std::string name;
  std::vector<Life> lives;
};

Life LifeOf(const embatch::JobView& job) {
  Life life;
  life.created = job.created_at;
  life.stopped = job.stopped_at.value_or(job.created_at);
  life.started = job.started_at.value_or(absl::InfiniteFuture());
  life.status = job.status;
  return life;
}

std::vector<Row> RowsOf(const embatch::Scheduler& scheduler,
                        embatch::JobId id) {
  const absl::StatusOr<embatch::JobView> job = scheduler.DescribeJob(id);
  if (!job.ok()) return {};
  const std::string name(job->job_name);
  const int size = job->array_size;
  if (size == 0) return {{name, {LifeOf(*job)}}};

  const int rows_count = std::min(size, kRowsMax);
  std::vector<Row> rows;
  for (int row = 0; row < rows_count; ++row) {
    const int begin = static_cast<int>(int64_t{size} * row / rows_count);
    const int end = static_cast<int>(int64_t{size} * (row + 1) / rows_count);
    Row& added = rows.emplace_back();
    added.name = absl::StrCat(name, ":", begin);
    if (end - begin > 1) absl::StrAppend(&added.name, "..", end - 1);
    for (int index = begin; index < end; ++index) {
      const absl::StatusOr<embatch::JobView> child =
          scheduler.DescribeJob(id.Child(index));
      if (child.ok()) added.lives.push_back(LifeOf(*child));
    }
  }
  return rows;
}

// The column in which `time` falls; both ends of the scale are columns too.
int ColumnOf(absl::Time time, absl::Time begin, absl::Time end) {
  if (end <= begin) return 0;
  const double part = absl::FDivDuration(time - begin, end - begin);
  return std::clamp(static_cast<int>(part * kColumns), 0, kColumns - 1);
}

std::string BarOf(const Row& row, absl::Time begin, absl::Time end) {
  std::string bar(kColumns, ' ');
  const auto fill = [&](absl::Time from, absl::Time to, char sign) {
    const int last = ColumnOf(to, begin, end);
    for (int column = ColumnOf(from, begin, end); column <= last; ++column) {
      if (bar[static_cast<size_t>(column)] != '#') {
        bar[static_cast<size_t>(column)] = sign;
      }
    }
  };
  for (const Life& life : row.lives) {
    if (life.started < life.stopped) fill(life.started, life.stopped, '#');
    fill(life.created, std::min(life.started, life.stopped), '.');
  }
  return bar;
}

// How long the row's jobs ran, together, and what became of them.
std::string SummaryOf(const Row& row) {
  absl::Duration ran;
  int failed = 0;
  for (const Life& life : row.lives) {
    if (life.started < life.stopped) ran += life.stopped - life.started;
    failed += life.status == embatch::JobStatus::kFailed;
  }
  const embatch::JobStatus status =
      failed > 0 ? embatch::JobStatus::kFailed : embatch::JobStatus::kSucceeded;
  const std::string duration =
      ran > absl::ZeroDuration() ? FormatShort(ran) : "-";
  std::string text = absl::StrFormat("%9s  ", duration);
  if (failed > 0 && row.lives.size() > 1) absl::StrAppend(&text, failed, " ");
  absl::StrAppend(&text, Paint(status, embatch::JobStatusName(status)));
  return text;
}

}  // namespace

void PrintTimeline(const embatch::Scheduler& scheduler,
                   const std::vector<embatch::JobId>& jobs, std::ostream& out) {
  std::vector<Row> rows;
  for (const embatch::JobId& job : jobs) {
    for (Row& row : RowsOf(scheduler, job)) rows.push_back(std::move(row));
  }
  absl::Time begin = absl::InfiniteFuture();
  absl::Time end = absl::InfinitePast();
  size_t name_width = 0;
  for (const Row& row : rows) {
    name_width = std::max(name_width, row.name.size());
    for (const Life& life : row.lives) {
      begin = std::min(begin, life.created);
      end = std::max(end, life.stopped);
    }
  }
  if (end < begin) return;
  const int width = static_cast<int>(name_width);
  out << absl::StrFormat("%-*s  |0%*s|  %9s\n", width, "", kColumns - 1,
                         FormatShort(end - begin), "ran for");
  for (const Row& row : rows) {
    out << absl::StrFormat("%-*s  |%s|  %s\n", width, row.name,
                           BarOf(row, begin, end), SummaryOf(row));
  }
}

}  // namespace rainbow
