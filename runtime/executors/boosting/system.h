// What XGBoost asks of the system, and WASI's headers leave out: `xgboost.cpp` has the functions. It is included before all else.
#pragma once
#define _WASI_EMULATED_MMAN
// Sockets are declared for WASI 0.2 only.
#define __wasilibc_use_wasip2
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#undef __wasilibc_use_wasip2
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#ifndef POLLPRI
#define POLLPRI 0x0002
#endif
#ifdef __cplusplus
extern "C" {
#endif
FILE* popen(const char*, const char*);
int pclose(FILE*);
char* mkdtemp(char*);
ssize_t copy_file_range(int, off_t*, int, off_t*, size_t, unsigned);
char* inet_ntoa(struct in_addr);
#ifdef __cplusplus
}
#endif
