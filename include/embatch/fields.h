// SPDX-License-Identifier: Apache-2.0
//
// A record lists its fields once; comparing, hashing, saving and loading all
// use that one list.
//
//   struct Point {
//     int x = 0;
//     int y = 0;
//     template <typename Self, typename Visitor>
//     static auto VisitFields(Self& self, Visitor&& visit) {
//       return visit(self.x, self.y);
//     }
//   };
//
// With that, Point has ==, != and absl::Hash. A field that is left out of the
// list takes part in none of them.
#ifndef EMBATCH_FIELDS_H_
#define EMBATCH_FIELDS_H_

#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace embatch {

namespace fields_internal {
struct Probe {
  template <typename... Fields>
  int operator()(Fields&...) const {
    return 0;
  }
};
struct Tie {
  template <typename... Fields>
  std::tuple<Fields&...> operator()(Fields&... fields) const {
    return std::tie(fields...);
  }
};

// absl::Hash of Abseil 20220623 knows neither std::optional nor std::map.
template <typename H, typename T>
H HashField(H state, const T& field) {
  return H::combine(std::move(state), field);
}
template <typename H, typename T>
H HashField(H state, const std::optional<T>& field) {
  state = H::combine(std::move(state), field.has_value());
  return field.has_value() ? HashField(std::move(state), *field)
                           : std::move(state);
}
template <typename H, typename K, typename V>
H HashField(H state, const std::map<K, V>& field) {
  for (const auto& [key, value] : field) {
    state = H::combine(std::move(state), key, value);
  }
  return H::combine(std::move(state), field.size());
}
}  // namespace fields_internal

// True for a type that lists its fields in a static VisitFields().
template <typename T, typename = void>
struct HasFields : std::false_type {};
template <typename T>
struct HasFields<T, std::void_t<decltype(T::VisitFields(
                        std::declval<T&>(), fields_internal::Probe()))>>
    : std::true_type {};

// All fields of `record` as a tuple of references.
template <typename T>
auto FieldsOf(T& record) {
  return std::remove_const_t<T>::VisitFields(record, fields_internal::Tie());
}

template <typename T, std::enable_if_t<HasFields<T>::value, int> = 0>
bool operator==(const T& a, const T& b) {
  return FieldsOf(a) == FieldsOf(b);
}
template <typename T, std::enable_if_t<HasFields<T>::value, int> = 0>
bool operator!=(const T& a, const T& b) {
  return !(a == b);
}
template <typename H, typename T,
          std::enable_if_t<HasFields<T>::value, int> = 0>
H AbslHashValue(H state, const T& record) {
  T::VisitFields(record, [&state](const auto&... fields) {
    ((state = fields_internal::HashField(std::move(state), fields)), ...);
    return 0;
  });
  return state;
}

}  // namespace embatch

#endif  // EMBATCH_FIELDS_H_
