// What libc++ has not here, and what it does otherwise than the C++ library of Linux, by which the libraries' wheels are built. It is included before
// all else.
#pragma once
#ifdef __cplusplus
// Zig's libc++ for WASI is built without files.
#undef _LIBCPP_HAS_FILESYSTEM
#define _LIBCPP_HAS_FILESYSTEM 1
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace std {

// The standard leaves open which numbers are drawn. These are Linux's.
#define default_random_engine minstd_rand0
#define shuffle weft_shuffle

// One of `values` values, each as likely: of 32 random bits the upper half of their product with the number of values (Lemire's method), else the quotient,
// drawn again where some would come up more often than others.
template <class Generator>
uint64_t weft_draw(Generator& generator, uint64_t values) {
  constexpr uint64_t range = uint64_t{Generator::max()} - Generator::min();
  static_assert(range <= 0xffffffffu, "a generator of 64 bits draws otherwise");
  if (values == 0 || values - 1 > range) __builtin_trap();
  if (values - 1 == range) return uint64_t{generator()} - Generator::min();
  if constexpr (range == 0xffffffffu) {
    const uint32_t few = static_cast<uint32_t>(values);
    uint64_t product = uint64_t{generator()} * few;
    while (static_cast<uint32_t>(product) < (0u - few) % few) product = uint64_t{generator()} * few;
    return product >> 32;
  } else {
    const uint64_t scale = range / values;
    uint64_t drawn;
    do drawn = uint64_t{generator()} - Generator::min();
    while (drawn >= values * scale);
    return drawn / scale;
  }
}

template <class T>
class weft_uniform {
 public:
  using result_type = T;
  explicit weft_uniform(T low = 0, T high = numeric_limits<T>::max()) : low_(low), high_(high) {}
  template <class Generator>
  T operator()(Generator& generator) {
    return static_cast<T>(low_ + static_cast<T>(weft_draw(generator, static_cast<uint64_t>(high_) - static_cast<uint64_t>(low_) + 1)));
  }

 private:
  T low_, high_;
};

template <>
class uniform_int_distribution<int> : public weft_uniform<int> {
 public:
  using weft_uniform<int>::weft_uniform;
};

template <>
class uniform_int_distribution<size_t> : public weft_uniform<size_t> {
 public:
  using weft_uniform<size_t>::weft_uniform;
};

// The first value up to which the chances add up to what is drawn.
template <>
template <>
inline size_t discrete_distribution<size_t>::operator()(mt19937& generator, const param_type& given) {
  vector<double> sums = given.probabilities();
  if (sums.size() < 2) return 0;
  for (size_t i = 1; i < sums.size(); i++) sums[i] += sums[i - 1];
  sums.back() = 1;
  return lower_bound(sums.begin(), sums.end(), generate_canonical<double, 53>(generator)) - sums.begin();
}

// Each place changes with one up to itself. Two are drawn at once, as far as the generator's range suffices for both.
template <class Iterator, class Generator>
void weft_shuffle(Iterator first, Iterator last, Generator&& generator) {
  if (first == last) return;
  using Plain = remove_reference_t<Generator>;
  const uint64_t range = uint64_t{Plain::max()} - Plain::min(), count = last - first;
  Iterator at = first + 1;
  if (range / count < count) {
    for (; at != last; ++at) iter_swap(at, first + weft_draw(generator, at - first + 1));
    return;
  }
  if (count % 2 == 0) iter_swap(at++, first + weft_draw(generator, 2));
  while (at != last) {
    const uint64_t places = at - first + 1, both = weft_draw(generator, places * (places + 1));
    iter_swap(at++, first + both / (places + 1));
    iter_swap(at++, first + both % (places + 1));
  }
}

}  // namespace std

// Where there are no threads, a thread runs its function when it is made. One that waits for what only another could bring about is parked: the
// wait leaves the function by an exception, and what it waits for runs it again from its start.
namespace weft {

struct Parked {
  void* where;
};

struct Body {
  void* where = nullptr;
  bool done = false;
  virtual void run() = 0;
  virtual ~Body() = default;
};

// How many threads are running, one within the other.
inline int depth = 0;
inline std::vector<std::shared_ptr<Body>> parked;

inline void enter(const std::shared_ptr<Body>& body) {
  ++depth;
  try {
    body->where = nullptr;
    body->run();
    body->done = true;
  } catch (const Parked& at) {
    body->where = at.where;
    parked.push_back(body);
  }
  --depth;
}

inline void notify(void* where, bool all) {
  std::vector<std::shared_ptr<Body>> woken;
  for (auto body = parked.begin(); body != parked.end() && (all || woken.empty());) {
    if ((*body)->where == where) {
      woken.push_back(*body);
      body = parked.erase(body);
    } else {
      ++body;
    }
  }
  for (auto& body : woken) enter(body);
}

[[noreturn]] inline void park(void* where) {
  if (depth == 0) throw std::runtime_error("There are no threads inside the sandbox");
  throw Parked{where};
}

}  // namespace weft

namespace std {

class mutex {
 public:
  constexpr mutex() noexcept {}
  mutex(const mutex&) = delete;
  void lock() {}
  void unlock() {}
  bool try_lock() { return true; }
};

class recursive_mutex : public mutex {};

class timed_mutex : public mutex {
 public:
  template <class Time>
  bool try_lock_for(const Time&) {
    return true;
  }
  template <class Time>
  bool try_lock_until(const Time&) {
    return true;
  }
};

enum class cv_status { no_timeout, timeout };

class condition_variable {
 public:
  void notify_one() { weft::notify(this, false); }
  void notify_all() { weft::notify(this, true); }
  template <class Lock>
  void wait(Lock&) {}
  template <class Lock, class Condition>
  void wait(Lock&, Condition condition) {
    if (!condition()) weft::park(this);
  }
  template <class Lock, class Time>
  cv_status wait_for(Lock&, const Time&) {
    return cv_status::timeout;
  }
  template <class Lock, class Time>
  cv_status wait_until(Lock&, const Time&) {
    return cv_status::timeout;
  }
  template <class Lock, class Time, class Condition>
  bool wait_for(Lock&, const Time&, Condition condition) {
    return condition();
  }
  template <class Lock, class Time, class Condition>
  bool wait_until(Lock&, const Time&, Condition condition) {
    return condition();
  }
};

class thread {
 public:
  class id {
   public:
    bool operator==(const id&) const { return true; }
    bool operator!=(const id&) const { return false; }
    bool operator<(const id&) const { return false; }
  };

  thread() noexcept {}
  template <class F, class... A, class = enable_if_t<!is_same_v<decay_t<F>, thread>>>
  explicit thread(F&& function, A&&... arguments) {
    struct Run : weft::Body {
      decay_t<F> function;
      tuple<decay_t<A>...> arguments;
      Run(F&& function, A&&... arguments) : function(std::forward<F>(function)), arguments(std::forward<A>(arguments)...) {}
      void run() override {
        std::apply([this](auto&... given) { std::invoke(function, given...); }, arguments);
      }
    };
    body_ = make_shared<Run>(std::forward<F>(function), std::forward<A>(arguments)...);
    weft::enter(body_);
  }

  bool joinable() const { return body_ != nullptr; }
  void join() {
    if (!body_->done) weft::parked.erase(remove(weft::parked.begin(), weft::parked.end(), body_), weft::parked.end());
    body_.reset();
  }
  void detach() { body_.reset(); }
  id get_id() const { return {}; }
  void swap(thread& other) { body_.swap(other.body_); }
  static unsigned hardware_concurrency() { return 1; }

 private:
  shared_ptr<weft::Body> body_;
};

template <>
struct hash<thread::id> {
  size_t operator()(const thread::id&) const { return 0; }
};

namespace this_thread {
inline thread::id get_id() { return {}; }
inline void yield() {}
template <class Time>
void sleep_for(const Time&) {}
template <class Time>
void sleep_until(const Time&) {}
}  // namespace this_thread

enum class future_status { ready, timeout, deferred };
enum class launch { async = 1, deferred = 2 };

class future_error : public runtime_error {
 public:
  future_error() : runtime_error("The future has no value, and there are no threads inside the sandbox") {}
};

// What a promise and its futures share: by the time that anybody asks, there is a value or an error.
template <class T>
struct weft_result {
  optional<conditional_t<is_void_v<T>, char, T>> value;
  exception_ptr error;

  future_status status() const { return value || error ? future_status::ready : future_status::timeout; }
  void check() const {
    if (error) rethrow_exception(error);
    if (!value) throw future_error();
  }
};

template <class T>
class shared_future;

template <class T>
class future {
 public:
  future() = default;
  explicit future(shared_ptr<weft_result<T>> result) : result_(std::move(result)) {}
  bool valid() const { return result_ != nullptr; }
  void wait() const {}
  template <class Time>
  future_status wait_for(const Time&) const {
    return result_->status();
  }
  T get() {
    auto result = std::move(result_);
    result->check();
    if constexpr (!is_void_v<T>) return std::move(*result->value);
  }
  shared_future<T> share() { return shared_future<T>(std::move(*this)); }

 private:
  friend class shared_future<T>;
  shared_ptr<weft_result<T>> result_;
};

template <class T>
class shared_future {
 public:
  shared_future() = default;
  shared_future(future<T>&& once) : result_(std::move(once.result_)) {}
  bool valid() const { return result_ != nullptr; }
  void wait() const {}
  template <class Time>
  future_status wait_for(const Time&) const {
    return result_->status();
  }
  decltype(auto) get() const {
    result_->check();
    if constexpr (!is_void_v<T>) return static_cast<const T&>(*result_->value);
  }

 private:
  shared_ptr<weft_result<T>> result_;
};

template <class T>
class promise {
 public:
  future<T> get_future() { return future<T>(result_); }
  template <class... V>
  void set_value(V&&... value) {
    result_->value.emplace(std::forward<V>(value)...);
  }
  void set_exception(exception_ptr error) { result_->error = error; }

 private:
  shared_ptr<weft_result<T>> result_ = make_shared<weft_result<T>>();
};

template <class F, class... A>
auto async(launch, F&& function, A&&... arguments) {
  using T = invoke_result_t<decay_t<F>, decay_t<A>...>;
  promise<T> made;
  try {
    if constexpr (is_void_v<T>) {
      std::invoke(std::forward<F>(function), std::forward<A>(arguments)...);
      made.set_value();
    } else {
      made.set_value(std::invoke(std::forward<F>(function), std::forward<A>(arguments)...));
    }
  } catch (...) {
    made.set_exception(current_exception());
  }
  return made.get_future();
}

}  // namespace std
#endif
