// What libc++ has not here, and what it does otherwise than the C++ library of Linux, by which LightGBM's wheels are built. It is included before
// all else.
#pragma once
#ifdef __cplusplus
// Zig's libc++ for WASI is built without files.
#undef _LIBCPP_HAS_FILESYSTEM
#define _LIBCPP_HAS_FILESYSTEM 1
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace std {

// The standard leaves open which numbers a generator is made to give. These are Linux's, by Lemire's method: the upper half of the product of 32
// random bits and the number of values, drawn again where a value would come up more often than others.
template <>
class uniform_int_distribution<int> {
 public:
  using result_type = int;
  explicit uniform_int_distribution(int low = 0, int high = 2147483647) : low_(low), high_(high) {}
  template <class Generator>
  int operator()(Generator& generator) {
    static_assert(Generator::min() == 0 && Generator::max() == 0xffffffffu, "another generator is made to give other numbers");
    const uint32_t values = static_cast<uint32_t>(high_) - static_cast<uint32_t>(low_) + 1;
    if (values == 0) return static_cast<int>(static_cast<uint32_t>(generator()) + static_cast<uint32_t>(low_));
    uint64_t product = static_cast<uint64_t>(generator()) * values;
    while (static_cast<uint32_t>(product) < (0u - values) % values) {
      product = static_cast<uint64_t>(generator()) * values;
    }
    return static_cast<int>(static_cast<uint32_t>(product >> 32) + static_cast<uint32_t>(low_));
  }

 private:
  int low_, high_;
};

// Where there are no threads: locks that nobody else wants, threads that have ended when they begin.
class mutex {
 public:
  void lock() {}
  void unlock() {}
  bool try_lock() { return true; }
};

enum class cv_status { no_timeout, timeout };

class condition_variable {
 public:
  void notify_one() {}
  void notify_all() {}
  template <class Lock>
  void wait(Lock&) {}
  // Nobody else will make it true.
  template <class Lock, class Condition>
  void wait(Lock&, Condition condition) {
    if (!condition()) __builtin_trap();
  }
  template <class Lock, class Time>
  cv_status wait_for(Lock&, const Time&) {
    return cv_status::timeout;
  }
  template <class Lock, class Time>
  cv_status wait_until(Lock&, const Time&) {
    return cv_status::timeout;
  }
};

class thread {
 public:
  class id {
   public:
    bool operator==(const id&) const { return true; }
  };
  thread() = default;
  template <class Function, class... Arguments>
  explicit thread(Function&& function, Arguments&&... arguments) {
    std::invoke(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
  }
  bool joinable() const { return false; }
  void join() {}
  void detach() {}
  static unsigned hardware_concurrency() { return 1; }
};

namespace this_thread {
inline thread::id get_id() { return {}; }
inline void yield() {}
template <class Time>
void sleep_for(const Time&) {}
}  // namespace this_thread

}  // namespace std
#endif
