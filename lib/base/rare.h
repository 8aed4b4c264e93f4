// SPDX-License-Identifier: Apache-2.0
//
// A Rare<T> is a T that nearly always is T(): it takes one pointer, and memory
// only for another value. That is made once and never changes, so copies share
// it, those in other threads too.
//
// Example:
//   Rare<Extras> extras;                       // Extras()
//   extras->tags.size();                       // 0
//   Extras changed = *extras;
//   changed.tags["team"] = "animation";
//   extras = Rare<Extras>(std::move(changed));

#ifndef EMBATCH_BASE_RARE_H_
#define EMBATCH_BASE_RARE_H_

#include <memory>
#include <utility>

#include "embatch/fields.h"
#include "lib/base/encoding.h"

namespace embatch {

// T must have ==, absl's hash, and a form in bytes (encoding.h). A struct that
// lists its fields has all of them.
template <typename T>
class Rare {
 public:
  Rare() = default;
  explicit Rare(const T& value) : Rare(T(value)) {}
  explicit Rare(T&& value) {
    if (value != Usual()) value_ = std::make_shared<const T>(std::move(value));
  }

  // Whether it is anything but T().
  bool is_unusual() const { return value_ != nullptr; }

  const T& operator*() const { return value_ == nullptr ? Usual() : *value_; }
  const T* operator->() const { return &**this; }

  friend bool operator==(const Rare& a, const Rare& b) {
    return a.value_ == b.value_ ||
           (a.is_unusual() && b.is_unusual() && *a.value_ == *b.value_);
  }
  friend bool operator!=(const Rare& a, const Rare& b) { return !(a == b); }

  template <typename H>
  friend H AbslHashValue(H state, const Rare& rare) {
    state = H::combine(std::move(state), rare.is_unusual());
    return rare.is_unusual() ? H::combine(std::move(state), *rare.value_)
                             : std::move(state);
  }

  void Encode(Encoder& encoder) const { encoder.Encode(value_); }

 private:
  static const T& Usual() {
    static const T* const usual = new T();
    return *usual;
  }

  std::shared_ptr<const T> value_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_RARE_H_
