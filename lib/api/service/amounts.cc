// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/amounts.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace embatch {
namespace api {
namespace {

constexpr int64_t kThousand = 1000;
constexpr size_t kFractionDigits = 3;
// Far more than any machine has, and far from where a product ends.
constexpr size_t kWholeDigits = 12;

bool AreDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(c);
  });
}

}  // namespace

std::optional<int64_t> ReadWhole(absl::string_view text) {
  int64_t number = 0;
  if (!AreDigits(text) || text.size() > kWholeDigits ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> ReadThousandths(absl::string_view text) {
  const size_t point = text.find('.');
  const std::optional<int64_t> whole = ReadWhole(text.substr(0, point));
  if (!whole.has_value()) return std::nullopt;
  if (point == absl::string_view::npos) return *whole * kThousand;
  std::string fraction(text.substr(point + 1));
  if (fraction.size() > kFractionDigits) return std::nullopt;
  if (!AreDigits(fraction)) return std::nullopt;
  fraction.resize(kFractionDigits, '0');
  return *whole * kThousand + *ReadWhole(fraction);
}

int32_t ToInt32(int64_t number) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(number, std::numeric_limits<int32_t>::min(),
                          std::numeric_limits<int32_t>::max()));
}

std::string PrintThousandths(int64_t thousandths) {
  std::string text = absl::StrCat(thousandths / kThousand);
  int64_t rest = thousandths % kThousand;
  if (rest == 0) return text;
  text += '.';
  for (int64_t place = kThousand / 10; rest > 0; place /= 10) {
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

}  // namespace api
}  // namespace embatch
