// The one function by which the interpreter calls the libraries.
#include "library.h"

#include <cstdio>
#include <fstream>
#include <unistd.h>

// libc++ leaves these to its library, which has them not.
template class std::basic_filebuf<char>;
template class std::basic_ifstream<char>;
template class std::basic_ofstream<char>;
template class std::basic_fstream<char>;

// What is kept for each thread stays until the process ends.
extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }

namespace weft {

std::string told;

extern const Entry lightgbm[];
extern const Entry xgboost[];

// A call, as `weft_foreign` packs it.
struct Request {
  char name[64];
  char folder[192];
  uint64_t values[32];
};

static const Entry* find(const char* name) {
  for (const Entry* entry : {lightgbm, xgboost}) {
    for (; entry->name; entry++) {
      if (strncmp(entry->name, name, sizeof Request::name) == 0) return entry;
    }
  }
  return nullptr;
}

}  // namespace weft

extern "C" {

__attribute__((import_module("interpreter"), import_name("host_alloc"))) void* weft_interpreter_alloc(size_t length);

// Calls a function. The answer is what it gives, 64 bits, and behind it what it said, in memory that the interpreter frees.
__attribute__((export_name("weft_library_call"))) int weft_library_call(const weft::Request* request, size_t length, void** answer,
                                                                        size_t* answer_length) {
  const weft::Entry* entry = length == sizeof *request ? weft::find(request->name) : nullptr;
  // The library has a working folder of its own.
  if (!entry || chdir(request->folder) != 0) return -1;
  uint64_t given = entry->call(request->values);
  fflush(nullptr);
  *answer_length = sizeof given + weft::told.size();
  char* bytes = static_cast<char*>(weft_interpreter_alloc(*answer_length));
  if (!bytes) return -1;
  memcpy(bytes, &given, sizeof given);
  memcpy(bytes + sizeof given, weft::told.data(), weft::told.size());
  weft::told.clear();
  *answer = bytes;
  return 0;
}

}
