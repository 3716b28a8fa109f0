// LightGBM's functions, and what it lacks here.
#include <LightGBM/c_api.h>
#include <LightGBM/utils/log.h>

#include <fstream>

#include "library.h"
#include "network/linkers.h"

// libc++ leaves these to its library, which has them not.
template class std::basic_filebuf<char>;
template class std::basic_ifstream<char>;
template class std::basic_ofstream<char>;

// What is kept for each thread stays until the process ends.
extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }

namespace LightGBM {

// Other machines: there is no network.
Linkers::Linkers(Config) { Log::Fatal("There is no network inside the sandbox"); }
Linkers::~Linkers() {}
__attribute__((used)) void Linkers::Recv(int, char*, int) const {}
__attribute__((used)) void Linkers::Send(int, char*, int) const {}
__attribute__((used)) void Linkers::SendRecv(int, char*, int, int, char*, int) {}

}  // namespace LightGBM

namespace weft {

static const struct Listen {
  Listen() { LightGBM::Log::ResetCallBack(tell); }
} listen;

extern const Entry lightgbm[] = {
#define FUNCTION(name) {#name, Caller<&name>::call},
#include "lightgbm_functions.h"
#undef FUNCTION
    {nullptr, nullptr},
};

}  // namespace weft
