// The three lines that every room needs around absl::Status: two macros that Debian's Abseil does
// not have, and a check that stays on in every build.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace forbear {

// Debian's absl::string_view is its own type. These cross over; both directions are free.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

inline absl::Status InvalidArgument(std::string_view message) {
  return absl::InvalidArgumentError(ToAbsl(message));
}
inline absl::Status FailedPrecondition(std::string_view message) {
  return absl::FailedPreconditionError(ToAbsl(message));
}
inline absl::Status NotFound(std::string_view message) {
  return absl::NotFoundError(ToAbsl(message));
}
inline absl::Status AlreadyExists(std::string_view message) {
  return absl::AlreadyExistsError(ToAbsl(message));
}
inline absl::Status DataLoss(std::string_view message) {
  return absl::DataLossError(ToAbsl(message));
}
inline absl::Status Unavailable(std::string_view message) {
  return absl::UnavailableError(ToAbsl(message));
}
inline absl::Status Internal(std::string_view message) {
  return absl::InternalError(ToAbsl(message));
}

// Ends the process, naming the line. For what cannot happen unless we are wrong; never for
// anything that a caller can send.
[[noreturn]] void CheckFailed(const char* file, int line, const char* claim);

}  // namespace forbear

#define FORBEAR_CHECK(claim)                                  \
  do {                                                        \
    if (!(claim)) ::forbear::CheckFailed(__FILE__, __LINE__, #claim); \
  } while (false)

#define FORBEAR_RETURN_IF_ERROR(expression)                   \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define FORBEAR_CONCAT_INNER_(a, b) a##b
#define FORBEAR_CONCAT_(a, b) FORBEAR_CONCAT_INNER_(a, b)
#define FORBEAR_ASSIGN_OR_RETURN(left, expression) \
  FORBEAR_ASSIGN_OR_RETURN_IMPL_(FORBEAR_CONCAT_(result_, __LINE__), left, expression)
#define FORBEAR_ASSIGN_OR_RETURN_IMPL_(result, left, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) return result.status();                      \
  left = std::move(result).value()
