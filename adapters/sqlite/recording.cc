#include "adapters/sqlite/recording.h"

#include <cstdio>

#include "engine/model/status.h"

namespace forbear::sqlite {

absl::StatusOr<std::unique_ptr<Recording>> Recording::Create(const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) {
    return FailedPrecondition("recording `" + path + "`: cannot be created; choose another path");
  }
  return std::unique_ptr<Recording>(new Recording(file));
}

Recording::~Recording() { std::fclose(file_); }

void Recording::Number(uint64_t value) {
  char bytes[8];
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  std::fwrite(bytes, 1, sizeof bytes, file_);
}

void Recording::Bytes(char kind, std::string_view value) {
  std::fputc(kind, file_);
  Number(value.size());
  std::fwrite(value.data(), 1, value.size(), file_);
}

uint64_t Recording::AddStatement(std::string_view sql) {
  std::fputc('S', file_);
  Number(statements_);
  Number(sql.size());
  std::fwrite(sql.data(), 1, sql.size(), file_);
  return statements_++;
}

void Recording::BeginExecution(uint64_t statement, size_t values) {
  std::fputc('X', file_);
  Number(statement);
  Number(values);
}

void Recording::Null() { std::fputc('N', file_); }
void Recording::Integer(int64_t value) {
  std::fputc('I', file_);
  Number(static_cast<uint64_t>(value));
}
void Recording::Text(std::string_view value) { Bytes('T', value); }
void Recording::Blob(std::string_view value) { Bytes('B', value); }
void Recording::EndCommand() { std::fputc('E', file_); }

}  // namespace forbear::sqlite
