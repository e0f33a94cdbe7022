// Personal: a value that identifies somebody and therefore cannot be printed, streamed, compared
// by a log macro or turned into a string by accident (security.md S1).
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace forbear {

// Why somebody's data is read. Named at every Reveal, so that a search for the word finds them all.
enum class RevealFor {
  kStoring,      // into the store's one personal column
  kSending,      // what a channel needs to deliver the message
  kCaller,       // an answer to an authorised caller about its own borrower
  kMatching,     // keyed digest, to find borrowers who may be the same person
};

class Personal {
 public:
  Personal() = default;
  explicit Personal(std::string value) : value_(std::move(value)) {}
  const std::string& Reveal(RevealFor) const { return value_; }
  bool empty() const { return value_.empty(); }
  bool SameAs(const Personal& other) const { return value_ == other.value_; }

 private:
  std::string value_;
};

}  // namespace forbear
