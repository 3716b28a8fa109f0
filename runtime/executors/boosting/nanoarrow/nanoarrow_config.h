// What nanoarrow's own build would write: its classes are not renamed.
#pragma once
#define NANOARROW_VERSION_MAJOR 0
#define NANOARROW_VERSION_MINOR 8
#define NANOARROW_VERSION_PATCH 0
#define NANOARROW_VERSION "0.8.0"
#define NANOARROW_VERSION_INT 800
#define NANOARROW_CXX_NAMESPACE nanoarrow
#define NANOARROW_CXX_NAMESPACE_BEGIN namespace NANOARROW_CXX_NAMESPACE {
#define NANOARROW_CXX_NAMESPACE_END }
