// What a store keeps of each row, as bytes (codec.h). What stands in a column of its own (ids,
// tenant, the lender's own ids, an attempt's state) is not repeated in them.
//
//   std::string body = EncodeAccount(account);
//   FORBEAR_RETURN_IF_ERROR(DecodeAccount(body, &account));  // id, tenant … are left alone
//
// A borrower has two: what identifies the person (name, dates of birth, places, the values of
// contact points) is one blob of its own, so that sealing it later changes one cell.
//
// Decode* answer kDataLoss when the bytes are not such a row or were written by a newer program.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/ports/store.h"

namespace forbear::rows {

std::string EncodeBorrowerBody(const Borrower& borrower);
std::string EncodeBorrowerPersonal(const Borrower& borrower);
absl::Status DecodeBorrower(std::string_view body, std::string_view personal, Borrower* borrower);

std::string EncodeAccount(const Account& account);
absl::Status DecodeAccount(std::string_view bytes, Account* account);

std::string EncodeEvent(const Event& event);
absl::Status DecodeEvent(std::string_view bytes, Event* event);

std::string EncodeAttempt(const Attempt& attempt);
absl::Status DecodeAttempt(std::string_view bytes, Attempt* attempt);

std::string EncodeSubmitted(const SubmittedBody& submitted);
absl::Status DecodeSubmitted(std::string_view bytes, SubmittedBody* submitted);

std::string EncodePause(const Pause& pause);
absl::Status DecodePause(std::string_view bytes, Pause* pause);

std::string EncodeResult(const CommandResult& result);
absl::Status DecodeResult(std::string_view bytes, CommandResult* result);

// How many entries each tenant has.
using TenantCounts = std::map<std::string, uint64_t>;
std::string EncodeCounts(const TenantCounts& counts);
absl::Status DecodeCounts(std::string_view bytes, TenantCounts* counts);

// Everything that Handle wants written, to compare two answers to one command.
std::string EncodeChanges(const Changes& changes);

}  // namespace forbear::rows
