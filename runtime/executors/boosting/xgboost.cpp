// XGBoost's functions, and what it lacks here.
#include <xgboost/c_api.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "c_api/c_api_error.h"
#include "collective/loop.h"
#include "data/proxy_dmatrix.h"
#include "library.h"

// `size_t` is a type of its own in WASI, as in Emscripten.
#define __EMSCRIPTEN__
#include "common/host_device_vector.cc"

// Its Python calls these, which its header does not have.
XGB_DLL int XGBGetLastErrorCode();
XGB_DLL int XGBoosterTrainOneIterWithSplitGrad(BoosterHandle, DMatrixHandle, int, const char*, const char*, const char*, const char*);
XGB_DLL int XGCommunicatorAllgather(void*, size_t);
XGB_DLL int XGCommunicatorSignalError();

// There is no network and no other process.
extern "C" {
#define REFUSE(result, name, ...)     \
  result name(__VA_ARGS__) {          \
    errno = ENOTSUP;                  \
    return (result)(-1);              \
  }
REFUSE(int, socket, int, int, int)
REFUSE(int, connect, int, const sockaddr*, socklen_t)
REFUSE(int, bind, int, const sockaddr*, socklen_t)
REFUSE(int, listen, int, int)
REFUSE(int, getsockname, int, sockaddr*, socklen_t*)
REFUSE(int, setsockopt, int, int, int, const void*, socklen_t)
REFUSE(int, pclose, FILE*)
int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) { return EAI_FAIL; }
void freeaddrinfo(addrinfo*) {}
const char* gai_strerror(int) { return "There is no network inside the sandbox"; }
char* inet_ntoa(in_addr) { return const_cast<char*>("0.0.0.0"); }
FILE* popen(const char*, const char*) { return errno = ENOTSUP, nullptr; }
char* mkdtemp(char*) { return errno = ENOTSUP, nullptr; }
int gethostname(char* name, size_t length) { return snprintf(name, length, "localhost") < 0 ? -1 : 0; }
int getpagesize() { return 65536; }

// A file is mapped by reading it.
void* mmap(void*, size_t length, int, int, int file, off_t offset) {
  char* memory = static_cast<char*>(malloc(length));
  if (!memory) return MAP_FAILED;
  for (size_t done = 0; done < length;) {
    ssize_t read = pread(file, memory + done, length - done, offset + done);
    if (read <= 0) {
      free(memory);
      if (read == 0) errno = EIO;
      return MAP_FAILED;
    }
    done += read;
  }
  return memory;
}

int munmap(void* memory, size_t) {
  free(memory);
  return 0;
}
}

// In place of the thread that answers other machines.
namespace xgboost::collective {
Loop::Loop(std::chrono::seconds) { LOG(FATAL) << "There is no network inside the sandbox"; }
Result Loop::Stop() { return Success(); }
void Loop::Submit(Op) {}
Result Loop::Block() { return Success(); }
}  // namespace xgboost::collective

// Batches that Python filled beforehand, each a proxy of its own. XGBoost asks for one after the other, in several passes, and finds what it
// asked for in the one proxy that it was given: the batch changes places with that. Without any, that proxy is the one batch itself, whose labels
// XGBoost takes from it at the end.
class Batches {
 public:
  Batches(DMatrixHandle proxy, const DMatrixHandle* batches, size_t count) : proxy_(xgboost::data::MakeProxy(proxy)) {
    for (size_t i = 0; i < count; i++) batches_.push_back(*static_cast<std::shared_ptr<xgboost::DMatrix>*>(batches[i]));
  }
  ~Batches() { Exchange(); }

  static void Reset(DataIterHandle handle) {
    auto* self = static_cast<Batches*>(handle);
    self->Exchange();
    self->at_ = 0;
  }

  static int Next(DataIterHandle handle) {
    auto* self = static_cast<Batches*>(handle);
    const size_t count = self->batches_.empty() ? 1 : self->batches_.size();
    self->Exchange();
    self->at_ = self->at_ < count ? self->at_ + 1 : count + 1;
    self->Exchange();
    return self->at_ <= count;
  }

 private:
  // Puts the current batch into the proxy, or takes it out again.
  void Exchange() {
    if (at_ && at_ <= batches_.size()) std::swap(*proxy_, static_cast<xgboost::data::DMatrixProxy&>(*batches_[at_ - 1]));
  }

  xgboost::data::DMatrixProxy* proxy_;
  std::vector<std::shared_ptr<xgboost::DMatrix>> batches_;
  // Which is in the proxy, from 1; one more than there are at the end.
  size_t at_ = 0;
};

int WeftQuantileDMatrix(DMatrixHandle proxy, const DMatrixHandle* batches, size_t count, DMatrixHandle ref, const char* config,
                        DMatrixHandle* out) {
  API_BEGIN();
  Batches source(proxy, batches, count);
  return XGQuantileDMatrixCreateFromCallback(&source, proxy, ref, Batches::Reset, Batches::Next, config, out);
  API_END();
}

namespace weft {

static const struct Listen {
  Listen() { XGBRegisterLogCallback(tell); }
} listen;

extern const Entry xgboost[] = {
#define FUNCTION(name) {#name, Caller<&name>::call},
#include "xgboost_functions.h"
    FUNCTION(WeftQuantileDMatrix)
#undef FUNCTION
    {nullptr, nullptr},
};

}  // namespace weft
