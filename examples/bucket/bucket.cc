// SPDX-License-Identifier: Apache-2.0
#include "bucket.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace examples {
namespace {

absl::Status SystemError(const std::string& what) {
  const int error = errno;
  return absl::ErrnoToStatus(error, what);
}

// The file's content up to `bytes_max` and one byte more.
absl::StatusOr<std::string> ReadAll(int fd, int64_t bytes_max) {
  std::string content;
  char buffer[1 << 16];
  while (static_cast<int64_t>(content.size()) <= bytes_max) {
    const ssize_t bytes = read(fd, buffer, sizeof(buffer));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return SystemError("reading");
    if (bytes == 0) break;
    content.append(buffer, static_cast<size_t>(bytes));
  }
  return content;
}

absl::Status WriteAll(int fd, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t bytes = write(fd, content.data(), content.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return SystemError("writing");
    content.remove_prefix(static_cast<size_t>(bytes));
  }
  return absl::OkStatus();
}

timespec Now() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

bool IsLater(const timespec& a, const timespec& b) {
  return std::tie(a.tv_sec, a.tv_nsec) > std::tie(b.tv_sec, b.tv_nsec);
}

// Files get the time of the clock's last tick. Waits for the one after `time`:
// no file that changes from then on looks older. A few milliseconds, and not
// for ever should the clock be set back.
void WaitForTickAfter(const timespec& time) {
  for (int i = 0; i < 20; ++i) {
    timespec tick = {};
    clock_gettime(CLOCK_REALTIME_COARSE, &tick);
    if (IsLater(tick, time)) return;
    constexpr timespec kMillisecond = {0, 1000000};
    nanosleep(&kMillisecond, nullptr);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Bucket>> Bucket::Open(
    const std::string& folder) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(folder, error).string();
  if (error) {
    return absl::NotFoundError(absl::StrCat("there is no bucket folder '",
                                            folder, "': ", error.message()));
  }
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return SystemError("inotify_init1");
  if (inotify_add_watch(fd, path.c_str(),
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF |
                            IN_MOVE_SELF | IN_ONLYDIR) < 0) {
    const absl::Status status =
        SystemError(absl::StrCat("the bucket folder '", path, "'"));
    close(fd);
    return status;
  }
  return std::unique_ptr<Bucket>(new Bucket(path, fd));
}

Bucket::Bucket(std::string folder, int event_fd)
    : folder_(std::move(folder)), event_fd_(event_fd), last_taken_(Now()) {}

Bucket::~Bucket() { close(event_fd_); }

std::string Bucket::PathOf(const std::string& object) const {
  return absl::StrCat(folder_, "/", object);
}

void Bucket::AddChanged(const timespec& since, const timespec& until,
                        std::set<std::string>& objects) const {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_, error)) {
    struct stat status;
    if (stat(entry.path().c_str(), &status) != 0) continue;
    const timespec& changed = status.st_ctim;
    if (S_ISREG(status.st_mode) && IsLater(changed, since) &&
        !IsLater(changed, until)) {
      objects.insert(entry.path().filename().string());
    }
  }
}

absl::StatusOr<std::set<std::string>> Bucket::TakePuts() {
  std::set<std::string> objects;
  absl::StatusOr<bool> lost = TakeEvents(objects);
  if (!lost.ok()) return lost.status();
  if (!*lost) {
    last_taken_ = Now();
    return objects;
  }
  // What comes from now on is told by events again. Those of what came before
  // are taken now, lest they count a second time.
  timespec until = {};
  while (*lost) {
    until = Now();
    WaitForTickAfter(until);
    lost = TakeEvents(objects);
    if (!lost.ok()) return lost.status();
  }
  // What was lost came after so many other puts that it is later than the last
  // tick before these were taken.
  AddChanged(std::exchange(last_taken_, Now()), until, objects);
  return objects;
}

absl::StatusOr<bool> Bucket::TakeEvents(std::set<std::string>& objects) {
  bool lost = false;
  alignas(inotify_event) char buffer[1 << 14];
  for (;;) {
    const ssize_t bytes = read(event_fd_, buffer, sizeof(buffer));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && errno == EAGAIN) return lost;
    if (bytes <= 0) return SystemError("reading the bucket's events");
    for (const char* at = buffer; at < buffer + bytes;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) {
        return absl::NotFoundError(
            absl::StrCat("the bucket folder '", folder_, "' is gone"));
      }
      if (event->mask & IN_Q_OVERFLOW) lost = true;
      if (event->len > 0) objects.insert(event->name);
    }
  }
}

absl::StatusOr<bool> Bucket::TakePut(const std::string& object) {
  const absl::StatusOr<std::set<std::string>> puts = TakePuts();
  if (!puts.ok()) return puts.status();
  return puts->count(object) > 0;
}

bool Bucket::Has(const std::string& object) const {
  return access(PathOf(object).c_str(), F_OK) == 0;
}

bool Bucket::IsNewer(const std::string& object,
                     const std::string& other) const {
  std::error_code object_error, other_error;
  const auto time =
      std::filesystem::last_write_time(PathOf(object), object_error);
  const auto other_time =
      std::filesystem::last_write_time(PathOf(other), other_error);
  return !object_error && (other_error || time > other_time);
}

absl::StatusOr<std::string> Bucket::Get(const std::string& object,
                                        int64_t bytes_max) const {
  const std::string path = PathOf(object);
  // Without O_NONBLOCK a pipe of that name would hold us up.
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("the object ", path));
  struct stat status;
  absl::StatusOr<std::string> content;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    content = absl::FailedPreconditionError(
        absl::StrCat("the object ", path, " is no regular file"));
  } else {
    content = ReadAll(fd, bytes_max);
  }
  close(fd);
  if (content.ok() && static_cast<int64_t>(content->size()) > bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the object ", path, " is larger than ", bytes_max, " bytes"));
  }
  return content;
}

absl::Status Bucket::Put(const std::string& object,
                         absl::string_view content) const {
  const std::string path = PathOf(object);
  const std::string hidden = absl::StrCat(path, ".part");
  const int fd =
      open(hidden.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return SystemError(absl::StrCat("the object ", path));
  absl::Status status = WriteAll(fd, content);
  close(fd);
  if (status.ok() && rename(hidden.c_str(), path.c_str()) != 0) {
    status = SystemError(absl::StrCat("the object ", path));
  }
  if (!status.ok()) unlink(hidden.c_str());
  return status;
}

absl::StatusOr<std::string> Bucket::MakePrefix() const {
  for (int number = 1;; ++number) {
    const std::string prefix = absl::StrCat("run-", number);
    // Of two that try the same number one succeeds.
    if (mkdir(PathOf(prefix).c_str(), 0777) == 0) return prefix;
    if (errno != EEXIST) {
      return SystemError(absl::StrCat("the prefix ", PathOf(prefix)));
    }
  }
}

void Bucket::RemovePrefix(const std::string& prefix) const {
  std::error_code ignored;
  std::filesystem::remove_all(PathOf(prefix), ignored);
}

}  // namespace examples
