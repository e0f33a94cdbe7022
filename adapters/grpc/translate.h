// From the contract's messages to the engine's values and back. No rule lives here: what a value
// means is decided inside; whether it can be read at all is decided here.
//
// Reading collects every violation with the path of its field and goes on, so that a caller mends a
// request in one go. A value that could not be read is left at its default; whoever reads asks
// `ok()` before using it.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/grpc/proto_words.h"
#include "adapters/phones/phones.h"
#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/orchestrator/command.h"
#include "engine/orchestrator/intake.h"
#include "engine/policy/decision.h"
#include "engine/policy/facts.h"
#include "engine/ports/store.h"
#include "forbear/v1/account_service.pb.h"
#include "forbear/v1/borrower_service.pb.h"
#include "forbear/v1/contact_service.pb.h"
#include "forbear/v1/operations_service.pb.h"

namespace forbear::grpc_adapter {

// A field's place in a request, spelled out only when something is wrong with it.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // empty with a parent: an item of a list
  int index = -1;

  // The result points to this path, which must outlive it, unless this is the request itself.
  Path Of(std::string_view field) const { return {IsRoot() ? nullptr : this, field, -1}; }
  Path At(int i) const { return {this, {}, i}; }
  bool IsRoot() const { return parent == nullptr && name.empty() && index < 0; }
  std::string ToString() const;
};

// How the ids of a message are to be understood.
enum class IdSpace : uint8_t {
  kOurs,    // 32 hex digits that we gave
  kLabels,  // the caller's labels in a small world of its own
};

// Reads one request.
class Reading {
 public:
  // `phones` is borrowed and may be null only where no contact point is read.
  Reading(IdSpace ids, const Phones* phones) : ids_(ids), phones_(phones) {}

  bool ok() const { return violations_.empty(); }
  void Refuse(const Path& at, std::string_view why);
  std::vector<Violation> TakeViolations() { return std::move(violations_); }
  std::vector<Violation> TakeWarnings() { return std::move(warnings_); }

  // ---- Parts. Each reads a field at `at`; "needed" ones refuse what is not there. ----
  std::optional<Instant> ReadInstant(const google::protobuf::Timestamp& time, const Path& at);
  std::optional<Day> ReadDay(const std::string& text, const Path& at);  // empty: absent
  std::string ReadText(const std::string& text, const Path& at);
  Money ReadMoney(const v1::Money& money, const Path& at);
  Place ReadPlace(const v1::Place& place, const Path& at);
  std::vector<Place> ReadPlaces(const google::protobuf::RepeatedPtrField<v1::Place>& places,
                                const Path& at);
  ContactPoint ReadContactPoint(const v1::ContactPoint& point, const Path& at);
  std::vector<WeeklySlot> ReadSlots(const google::protobuf::RepeatedPtrField<v1::WeeklySlot>& slots,
                                    const Path& at);
  std::vector<Channel> ReadChannels(const google::protobuf::RepeatedField<int>& channels,
                                    const Path& at);
  template <typename E>
  std::vector<E> ReadWords(const google::protobuf::RepeatedField<int>& values, const Path& at) {
    CheckCount(values.size(), at);
    std::vector<E> words;
    for (int i = 0; i < values.size(); ++i) {
      if (const auto word = ReadWord<E>(static_cast<ProtoEnum<E>>(values.Get(i)), at.At(i))) {
        words.push_back(*word);
      }
    }
    return words;
  }
  // nullopt, and a violation, for `_UNSPECIFIED` and for a number that is not in the contract.
  template <typename E>
  std::optional<E> ReadWord(ProtoEnum<E> value, const Path& at) {
    std::optional<E> word = FromProto<E>(value);
    if (!word) RefuseWord(static_cast<int>(value), at);
    return word;
  }

  // Words that packs declare, `[a-z][a-z0-9_]*`, sorted; tags of the world, sorted.
  std::string ReadPackWord(const std::string& text, const Path& at);
  std::vector<std::string> ReadPackWords(const v1::WordList& list, const Path& at);
  std::vector<std::string> ReadTags(const v1::WordList& list, const Path& at);

  std::map<std::string, policy::DeclaredAnswer> ReadDeclared(
      const google::protobuf::RepeatedPtrField<v1::DeclaredAnswer>& answers, const Path& at);

  // ---- Ids. An empty text is a zero id. ----
  enum class Kind : uint8_t { kAccount, kPoint, kParty, kEvent };
  // Names something that is declared here; twice is a violation.
  Id128 Declare(Kind kind, const std::string& label, const Path& at);
  // Names something declared before (kLabels), or anything (kOurs).
  Id128 Refer(Kind kind, const std::string& label, const Path& at);
  template <typename IdType>
  IdType ReadOurId(const std::string& text, const Path& at) {
    if (text.empty()) {
      Refuse(at, "is missing");
      return {};
    }
    return IdType(ParseOurs(text, at));
  }

  // ---- Wholes. ----
  Borrower ReadBorrower(const v1::Borrower& borrower, const Path& at);
  // `submission`: ids and answers-only fields are refused, and the account declares itself by its
  // external_id.
  Account ReadAccount(const v1::Account& account, const Path& at, bool submission);
  // Their labels, so that an event may name one that stands after it. REQUIRES: before ReadEvent.
  void DeclareEvents(const google::protobuf::RepeatedPtrField<v1::Event>& events, const Path& at);
  Event ReadEvent(const v1::Event& event, const Path& at);
  policy::Contact ReadContact(const v1::ProposedContact& contact, const Path& at);
  SubmitAccount ReadSubmission(const v1::AccountSubmission& submission, const Path& at);

 private:
  void RefuseWord(int number, const Path& at);
  void CheckCount(int count, const Path& at);
  Person ReadPerson(const v1::Person& person, const Path& at);
  Message ReadMessage(const v1::Message& message, const Path& at);
  Id128 ParseOurs(const std::string& text, const Path& at);
  std::string LabelKey(Kind kind, const std::string& label) const;

  IdSpace ids_;
  const Phones* phones_;
  std::vector<Violation> violations_;
  std::vector<Violation> warnings_;
  std::vector<std::pair<std::string, Id128>> labels_;  // few, so a walk is quicker than a map
};

// The facts of a stateless question, with everything they point to. Does not move once read.
struct OwnedFacts {
  policy::TenantFacts tenant;
  Borrower borrower;
  std::deque<Account> accounts;
  std::vector<Event> history;  // oldest first
  policy::Facts facts;
};
// Reads `message` into `facts`; `contact` is the question's.
void ReadFacts(const v1::Facts& message, const v1::ProposedContact& contact, Reading& reading,
               const Path& facts_at, const Path& contact_at, OwnedFacts* facts);

// ---- Digests -----------------------------------------------------------------------------------

// SHA-256 over the deterministic serialisation.
Bytes32 DigestOf(const google::protobuf::MessageLite& message);
// Fills body_digest and field_digests of `item`. The lender's own time of the body and its leave to
// update are not part of the body. `key`: keeps the digests of single fields from being guessed.
void AddDigests(const v1::AccountSubmission& submission, const Bytes32& key, SubmitAccount* item);

// Keyed digests of what links borrowers of one tenant: the borrower's own numbers and mail addresses.
void AddLinkDigests(std::string_view tenant, const Bytes32& index_key,
                    std::vector<ContactPoint>* points);

// ---- Back --------------------------------------------------------------------------------------

enum class Masking : uint8_t { kNone, kMasked };

void Write(Instant at, google::protobuf::Timestamp* out);
void Write(const Money& money, v1::Money* out);
void Write(const Place& place, Masking masking, v1::Place* out);
void Write(const Borrower& borrower, Masking masking, v1::Borrower* out);
void Write(const Account& account, Masking masking, v1::Account* out);
void Write(const Event& event, Masking masking, v1::Event* out);
void Write(const Attempt& attempt, v1::Attempt* out);
void Write(const policy::Decision& decision, v1::Decision* out);
void Write(const std::vector<Receipt>& receipts,
           google::protobuf::RepeatedPtrField<v1::Receipt>* out);
void Write(const std::vector<Violation>& warnings,
           google::protobuf::RepeatedPtrField<v1::Warning>* out);
void Write(const CommandResult& result, const std::vector<Violation>& warnings,
           v1::SubmittedAccount* out);

// `Jane Mary Doe` -> `J. M. D.`; `+16145550101` -> `…01`; a mail address to nothing but its kind.
std::string MaskName(const std::string& name);
std::string MaskPoint(PointKind kind, const std::string& value);

}  // namespace forbear::grpc_adapter
