// The functions of a library, by their names, each with its arguments out of numbers of 64 bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

namespace weft {

// A function and what calls it. `values` are integers and addresses, or floats of 64 bits, as its arguments are.
struct Entry {
  const char* name;
  uint64_t (*call)(const uint64_t* values);
};

// What the library said while it was called; each message ends with a zero.
extern std::string told;

inline void tell(const char* message) { told.append(message).push_back('\0'); }

template <class T>
T take(uint64_t value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<T>(static_cast<uintptr_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    double number;
    memcpy(&number, &value, sizeof number);
    return static_cast<T>(number);
  } else {
    return static_cast<T>(value);
  }
}

template <class R>
uint64_t give(R value) {
  if constexpr (std::is_pointer_v<R>) {
    return reinterpret_cast<uintptr_t>(value);
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

template <auto F>
struct Caller;

template <class R, class... A, R (*F)(A...)>
struct Caller<F> {
  template <size_t... I>
  static uint64_t with(const uint64_t* values, std::index_sequence<I...>) {
    if constexpr (std::is_void_v<R>) {
      F(take<A>(values[I])...);
      return 0;
    } else {
      return give(F(take<A>(values[I])...));
    }
  }
  static uint64_t call(const uint64_t* values) { return with(values, std::index_sequence_for<A...>{}); }
};

}  // namespace weft
