// Replay: every decision of a log made again, from nothing but the log and the rules it names.
//
//   Replayer replayer(surroundings, [&](const cj1::Value& entry) { return OpenSealOf(entry); });
//   for (each entry, from the first) FORBEAR_RETURN_IF_ERROR(replayer.Take(entry));
//   replayer.report();
//
// One walk: facts and history are kept by borrower as their entries tell them, and each decision is
// put to policy at its own instant, with the contact it sealed, and compared member by member. Only
// decisions under the rules and the zone data at hand can be made again; the others are counted by
// what they name. Pure; memory in proportion to the borrowers. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/cj1.h"
#include "engine/policy/facts.h"
#include "engine/policy/question.h"
#include "engine/ports/store.h"

namespace forbear {

// Differences that are told one by one; more are only counted.
inline constexpr size_t kMostDifferencesTold = 50;

struct ReplayReport {
  uint64_t entries = 0;
  uint64_t decisions = 0;   // in the log
  uint64_t same = 0;        // made again, member for member
  uint64_t differing = 0;
  uint64_t erased = 0;      // about somebody whose key was destroyed, or who may be such a person
  // Keys that are missing though no entry says that they were erased: the log cannot be judged by what
  // is left of them.
  uint64_t keys_missing = 0;
  std::map<std::string, uint64_t> other_rules;      // by bundle digest: not the rules at hand
  std::map<std::string, uint64_t> other_zone_data;  // by version
  struct Difference {
    uint64_t seq = 0;
    std::string what;  // a member's name and how it differs; never a fact
  };
  std::vector<Difference> differences;  // the first kMostDifferencesTold
};

class Replayer {
 public:
  // What an entry's seal holds; nullopt when its key was destroyed.
  using Opener = std::function<absl::StatusOr<std::optional<cj1::Value>>(const cj1::Value& entry)>;

  Replayer(policy::Surroundings surroundings, Opener open)
      : surroundings_(std::move(surroundings)), open_(std::move(open)) {}

  // The next entry, read. kDataLoss when it does not make sense after those before it; the replayer
  // is then of no further use. REQUIRES: a log that was verified.
  absl::Status Take(const cj1::Value& entry);

  // What was found so far.
  ReplayReport report() const;

 private:
  struct Entry;
  struct Sealed {  // of the newest decisions, for the attempts that name them
    policy::Contact contact;
    Instant at{};
    BorrowerId borrower;
  };
  using Link = std::pair<std::string, Bytes32>;  // tenant, digest of a number or address

  absl::Status Learn(const Entry& entry);
  absl::Status LearnBorrower(const Entry& entry, const cj1::Value& facts);
  absl::Status Decide(const Entry& entry);
  absl::Status Compare(const Entry& entry, const policy::Contact& contact);
  // What the entry says in clear of the contact that it seals; a name of what differs, or "".
  std::string CompareClear(const Entry& entry, const policy::Contact& contact) const;
  // The borrowers who may be the same person, as the store finds them; nullopt: one was erased.
  std::optional<std::vector<std::shared_ptr<const BorrowerFile>>> LinkedTo(
      const BorrowerFile& file) const;
  void NoteErasure(const Entry& entry);
  absl::Status TakeSettings(const cj1::Value& entry);
  absl::Status TakeAttempt(const Entry& entry);
  BorrowerFile& FileOf(const Entry& entry);
  void PutEvent(BorrowerFile& file, Event event);
  absl::Status Broken(const Entry& entry, std::string_view what) const;
  void Differs(const Entry& entry, std::string what);

  policy::Surroundings surroundings_;
  Opener open_;
  ReplayReport report_;
  std::map<std::string, policy::TenantFacts, std::less<>> tenants_;
  std::unordered_map<BorrowerId, std::shared_ptr<BorrowerFile>, IdHash> files_;
  std::unordered_map<BorrowerId, cj1::Value, IdHash> parts_;  // of facts in several entries
  std::unordered_map<BorrowerId, std::string, IdHash> erased_;  // with the kid that is missing
  std::set<std::string> kids_erased_;                           // that entries call so
  std::map<Link, std::set<BorrowerId>> links_;
  std::map<std::string, std::vector<std::string>> settings_;    // by tenant: chunks so far
  std::unordered_map<EntryId, Sealed, IdHash> decided_;
  std::unordered_map<AttemptId, EventId, IdHash> attempts_;
  // Events of attempts that are reserved and neither dispatched nor ended, and whose they are.
  std::unordered_map<EventId, BorrowerId, IdHash> waiting_;
};

// A tenant's settings as an entry tells them, and back: texts of at most 200 characters that may
// stand in clear (E11), whatever a seat's city is called.
std::vector<std::string> SettingsOf(const policy::TenantFacts& tenant);
absl::StatusOr<policy::TenantFacts> ReadSettings(const std::vector<std::string>& chunks);
// As many as fit into one entry beside its other members.
inline constexpr size_t kMostSettingsInOneEntry = 60;

}  // namespace forbear
