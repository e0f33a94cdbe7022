// A recording of the statements that a store's writer executes, with their bound values and the
// boundaries of batches, so that bench/raw_store can do the same work with nothing around it.
//
// The file is a sequence of records, numbers as little-endian 64-bit:
//   'S' number length text          a statement's text, before its first use; numbers from 0
//   'X' number count value…         an execution, stepped to its end
//   'E'                             a command ends here
// A value is 'N' (null), 'I' number, 'T' length bytes or 'B' length bytes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace forbear::sqlite {

// Used by one thread. Writing is buffered and unchecked until Close, which the destructor calls: a
// recording is for benchmarks, and the store does not depend on it.
class Recording {
 public:
  static absl::StatusOr<std::unique_ptr<Recording>> Create(const std::string& path);
  ~Recording();

  // Returns the statement's number.
  uint64_t AddStatement(std::string_view sql);
  void BeginExecution(uint64_t statement, size_t values);
  void Null();
  void Integer(int64_t value);
  void Text(std::string_view value);
  void Blob(std::string_view value);
  void EndCommand();

 private:
  explicit Recording(FILE* file) : file_(file) {}
  void Number(uint64_t value);
  void Bytes(char kind, std::string_view value);

  FILE* file_;
  uint64_t statements_ = 0;
};

}  // namespace forbear::sqlite
