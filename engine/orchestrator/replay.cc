#include "engine/orchestrator/replay.h"

#include <algorithm>

#include "engine/model/status.h"
#include "engine/orchestrator/describe.h"
#include "engine/orchestrator/facts_codec.h"
#include "engine/orchestrator/file_set.h"
#include "engine/policy/bundle.h"
#include "engine/policy/decision.h"

namespace forbear {
namespace {

constexpr size_t kMostClearText = 200;  // E11

const cj1::Value* Member(const cj1::Value& object, std::string_view part, std::string_view name) {
  const cj1::Value* inside = object.Find(part);
  return inside == nullptr ? nullptr : inside->Find(name);
}

std::string TextOf(const cj1::Value* value) {
  return value != nullptr && value->is_string() ? value->AsString() : std::string();
}

template <typename Id>
std::optional<Id> IdOf(const cj1::Value* value) {
  const absl::StatusOr<Id128> id = Id128::FromHexDigits(TextOf(value));
  if (!id.ok()) return std::nullopt;
  return Id(*id);
}

std::optional<Instant> InstantOf(const cj1::Value* value) {
  const absl::StatusOr<Instant> at = ParseInstant(TextOf(value));
  if (!at.ok()) return std::nullopt;
  return *at;
}

// The members of a decision's entry that DescribeDecision writes.
constexpr std::string_view kDecided[] = {"at",        "jurisdictions", "zones",       "tzdata",
                                         "denials",   "set_aside",     "obligations", "next_allowed_at"};

// An object read from canonical bytes has its members in order; one just made has not.
bool IsSame(const cj1::Value& a, const cj1::Value& b) {
  std::string one, other;
  return cj1::AppendValue(a, 1, &one).ok() && cj1::AppendValue(b, 1, &other).ok() && one == other;
}

bool IsOlder(const Event& a, const Event& b) { return a.at != b.at ? a.at < b.at : a.id < b.id; }

}  // namespace

struct Replayer::Entry {
  const cj1::Value& value;
  uint64_t seq = 0;
  std::string kind;
  std::string tenant;
  std::optional<BorrowerId> borrower;
  std::optional<cj1::Value> facts;  // nullopt: the key is gone
};

absl::Status Replayer::Broken(const Entry& entry, std::string_view what) const {
  return DataLoss("replay: entry " + std::to_string(entry.seq) + ": " + std::string(what));
}

void Replayer::Differs(const Entry& entry, std::string what) {
  ++report_.differing;
  if (report_.differences.size() < kMostDifferencesTold) {
    report_.differences.push_back({entry.seq, std::move(what)});
  }
}

BorrowerFile& Replayer::FileOf(const Entry& entry) {
  std::shared_ptr<BorrowerFile>& file = files_[*entry.borrower];
  if (file == nullptr) {
    file = std::make_shared<BorrowerFile>();
    file->borrower.id = *entry.borrower;
    file->borrower.tenant = entry.tenant;
  }
  return *file;
}

void Replayer::PutEvent(BorrowerFile& file, Event event) {
  std::erase_if(file.events, [&](const Event& one) { return one.id == event.id; });
  const auto place = std::upper_bound(file.events.begin(), file.events.end(), event, IsOlder);
  file.events.insert(place, std::move(event));
}

absl::Status Replayer::Take(const cj1::Value& value) {
  Entry entry{.value = value, .seq = report_.entries++};
  entry.kind = TextOf(value.Find("kind"));
  entry.tenant = TextOf(value.Find("tenant"));
  entry.borrower = IdOf<BorrowerId>(value.Find("borrower"));
  entry.facts = cj1::Object();
  if (value.Find("seal") != nullptr) {
    FORBEAR_ASSIGN_OR_RETURN(entry.facts, open_(value));
    if (!entry.facts && entry.borrower) {
      erased_[*entry.borrower] = TextOf(Member(value, "seal", "kid"));
    }
  }
  if (entry.kind == "tenants.changed") {
    tenants_.clear();
    settings_.clear();
    return absl::OkStatus();
  }
  if (entry.kind == "tenant.settings") return TakeSettings(value);
  if (!entry.borrower) return absl::OkStatus();
  if (entry.kind == "borrower.erase_started" || entry.kind == "borrower.erased") NoteErasure(entry);
  if (entry.kind.starts_with("decision.")) return Decide(entry);
  if (entry.kind.starts_with("attempt.")) return TakeAttempt(entry);
  return entry.facts ? Learn(entry) : absl::OkStatus();
}

ReplayReport Replayer::report() const {
  ReplayReport report = report_;
  for (const auto& [borrower, kid] : erased_) report.keys_missing += kids_erased_.contains(kid) ? 0 : 1;
  return report;
}

void Replayer::NoteErasure(const Entry& entry) {
  const cj1::Value* kids = Member(entry.value, "data", "kids");
  if (kids == nullptr || !kids->is_array()) return;
  for (const cj1::Value& kid : kids->AsArray()) kids_erased_.insert(TextOf(&kid));
}

// Settings may take several entries, each with its number.
absl::Status Replayer::TakeSettings(const cj1::Value& entry) {
  const std::string of = TextOf(Member(entry, "data", "of"));
  const cj1::Value* chunks = Member(entry, "data", "settings");
  const cj1::Value* part = Member(entry, "data", "part");
  const cj1::Value* parts = Member(entry, "data", "parts");
  if (chunks == nullptr || !chunks->is_array()) return DataLoss("replay: settings of no form");
  std::vector<std::string>& so_far = settings_[of];
  for (const cj1::Value& chunk : chunks->AsArray()) so_far.push_back(TextOf(&chunk));
  const bool last = part == nullptr || parts == nullptr ||
                    (part->is_integer() && parts->is_integer() && part->AsInteger() == parts->AsInteger());
  if (!last) return absl::OkStatus();
  FORBEAR_ASSIGN_OR_RETURN(policy::TenantFacts tenant, ReadSettings(so_far));
  settings_.erase(of);
  tenant.id = of;
  tenants_[of] = std::move(tenant);
  return absl::OkStatus();
}

absl::Status Replayer::Learn(const Entry& entry) {
  const cj1::Value& facts = *entry.facts;
  if (facts.empty()) return absl::OkStatus();
  if (const cj1::Value* borrower = facts.Find("borrower")) {
    FORBEAR_RETURN_IF_ERROR(LearnBorrower(entry, *borrower));
  }
  if (const cj1::Value* told = facts.Find("account")) {
    FORBEAR_ASSIGN_OR_RETURN(Account account, ReadAccountFacts(*told));
    account.borrower = *entry.borrower;
    account.tenant = entry.tenant;
    std::vector<Account>& accounts = FileOf(entry).accounts;
    std::erase_if(accounts, [&](const Account& one) { return one.id == account.id; });
    const auto place =
        std::find_if(accounts.begin(), accounts.end(),
                     [&](const Account& one) { return account.id < one.id; });
    accounts.insert(place, std::move(account));
  }
  if (const cj1::Value* events = facts.Find("events")) {
    if (!events->is_array()) return Broken(entry, "`events` is no list");
    for (const cj1::Value& each : events->AsArray()) {
      FORBEAR_ASSIGN_OR_RETURN(Event event, ReadEventFacts(each));
      PutEvent(FileOf(entry), std::move(event));
    }
  }
  return absl::OkStatus();
}

absl::Status Replayer::LearnBorrower(const Entry& entry, const cj1::Value& facts) {
  const cj1::Value* part = Member(entry.value, "data", "part");
  const cj1::Value* parts = Member(entry.value, "data", "parts");
  cj1::Value whole = facts;
  if (part != nullptr && parts != nullptr) {
    if (!part->is_integer() || !parts->is_integer()) return Broken(entry, "`part` is no number");
    const auto [so_far, first] = parts_.try_emplace(*entry.borrower, cj1::Object());
    FORBEAR_RETURN_IF_ERROR(AddPiece(facts, &so_far->second));
    if (part->AsInteger() < parts->AsInteger()) return absl::OkStatus();
    whole = std::move(so_far->second);
    parts_.erase(*entry.borrower);
  }
  FORBEAR_ASSIGN_OR_RETURN(Borrower borrower, ReadBorrowerFacts(whole));
  borrower.id = *entry.borrower;
  borrower.tenant = entry.tenant;
  BorrowerFile& file = FileOf(entry);
  for (const ContactPoint& point : file.borrower.contact_points) {
    links_[{entry.tenant, point.link_digest}].erase(borrower.id);
  }
  for (const ContactPoint& point : borrower.contact_points) {
    if (point.link_digest != Bytes32{}) {
      links_[{entry.tenant, point.link_digest}].insert(borrower.id);
    }
  }
  file.borrower = std::move(borrower);
  return absl::OkStatus();
}

absl::Status Replayer::Decide(const Entry& entry) {
  ++report_.decisions;
  if (!entry.facts || erased_.contains(*entry.borrower)) {
    ++report_.erased;
    return absl::OkStatus();
  }
  const cj1::Value* told = entry.facts->Find("contact");
  if (told == nullptr) return Broken(entry, "seals no contact");
  FORBEAR_ASSIGN_OR_RETURN(const policy::Contact contact, ReadContactFacts(*told));
  const std::optional<EntryId> id = IdOf<EntryId>(entry.value.Find("id"));
  const std::optional<Instant> at = InstantOf(Member(entry.value, "data", "at"));
  if (!id || !at) return Broken(entry, "does not say when");
  if (entry.kind == "decision.allowed") decided_[*id] = {contact, *at, *entry.borrower};
  if (const std::string what = CompareClear(entry, contact); !what.empty()) {
    Differs(entry, what + ": is not what was sealed, or not when it was written");
    return absl::OkStatus();
  }
  const std::string bundle = TextOf(Member(entry.value, "ref", "bundle"));
  if (bundle != surroundings_.bundle->digest()) {
    ++report_.other_rules[bundle];
    return absl::OkStatus();
  }
  const std::string tzdata = TextOf(Member(entry.value, "data", "tzdata"));
  if (tzdata != surroundings_.zones->version()) {
    ++report_.other_zone_data[tzdata];
    return absl::OkStatus();
  }
  return Compare(entry, contact);
}

std::string Replayer::CompareClear(const Entry& entry, const policy::Contact& contact) const {
  const cj1::Value& value = entry.value;
  if (TextOf(Member(value, "data", "at")) != TextOf(value.Find("time"))) return "at";
  if (TextOf(Member(value, "data", "channel")) != ToWord(contact.channel)) return "channel";
  if (TextOf(Member(value, "data", "purpose")) != ToWord(contact.purpose)) return "purpose";
  const cj1::Value* accounts = Member(value, "ref", "accounts");
  if (accounts == nullptr || !IsSame(*accounts, SortedHex(contact.accounts))) return "accounts";
  const std::string point = contact.point ? contact.point->Hex() : std::string();
  if (TextOf(Member(value, "ref", "contact_point")) != point) return "contact_point";
  const cj1::Value* facts = Member(value, "data", "facts_upto");
  const cj1::Value* history = Member(value, "data", "history_upto");
  // Facts and history end with the entry before: nothing stands between what was seen and decided.
  for (const cj1::Value* upto : {facts, history}) {
    if (upto == nullptr || !upto->is_integer() ||
        static_cast<uint64_t>(upto->AsInteger()) + 1 != entry.seq) {
      return "facts_upto";
    }
  }
  return "";
}

std::optional<std::vector<std::shared_ptr<const BorrowerFile>>> Replayer::LinkedTo(
    const BorrowerFile& file) const {
  std::set<BorrowerId> others;
  for (const ContactPoint& point : file.borrower.contact_points) {
    const auto link = links_.find({file.borrower.tenant, point.link_digest});
    if (link != links_.end()) others.insert(link->second.begin(), link->second.end());
  }
  others.erase(file.borrower.id);
  std::vector<std::shared_ptr<const BorrowerFile>> files;
  for (const BorrowerId& other : others) {
    if (erased_.contains(other)) return std::nullopt;
    files.push_back(files_.at(other));
  }
  return files;
}

absl::Status Replayer::Compare(const Entry& entry, const policy::Contact& contact) {
  const auto known = files_.find(*entry.borrower);
  if (known == files_.end()) return Broken(entry, "decides about somebody nobody told of");
  FileSet files;
  std::shared_ptr<const BorrowerFile> own = known->second;
  if (const cj1::Value* leaving = entry.facts->Find("leaving")) {
    const std::optional<EventId> event = IdOf<EventId>(leaving);
    const auto waits = event ? waiting_.find(*event) : waiting_.end();
    if (waits == waiting_.end() || waits->second != *entry.borrower) {
      Differs(entry, "leaving: is no attempt that waited for its turn");
      return absl::OkStatus();
    }
    auto others = std::make_shared<BorrowerFile>(*own);
    std::erase_if(others->events, [&](const Event& one) { return one.id == *event; });
    own = std::move(others);
  }
  files.own = std::move(own);
  auto linked = LinkedTo(*files.own);
  if (!linked) {
    ++report_.erased;
    return absl::OkStatus();
  }
  files.linked = *std::move(linked);
  const cj1::Value* events = Member(entry.value, "data", "history_events");
  if (events == nullptr || !events->is_integer() ||
      static_cast<uint64_t>(events->AsInteger()) != files.CountEvents()) {
    Differs(entry, "history_events: is not the number there were");
    return absl::OkStatus();
  }
  const auto tenant = tenants_.find(entry.tenant);
  policy::TenantFacts unknown;
  unknown.id = entry.tenant;
  const policy::Facts facts =
      FactsFor(files, tenant == tenants_.end() ? unknown : tenant->second, contact);
  const policy::Question question = policy::Resolve(facts, surroundings_);
  const Instant at = *InstantOf(Member(entry.value, "data", "at"));
  const policy::Decision again = policy::Decide(question, at);
  const std::string answer = "decision." + std::string(ToWord(again.answer));
  if (answer != entry.kind) {
    Differs(entry, "kind: " + entry.kind + " in the log, " + answer + " when made again");
    return absl::OkStatus();
  }
  const cj1::Value described = DescribeDecision(again);
  for (const std::string_view name : kDecided) {
    const cj1::Value* logged = Member(entry.value, "data", name);
    const cj1::Value* made = described.Find(name);
    if ((logged == nullptr) != (made == nullptr) || (made != nullptr && !IsSame(*logged, *made))) {
      Differs(entry, std::string(name) + ": differs");
      return absl::OkStatus();
    }
  }
  ++report_.same;
  return absl::OkStatus();
}

absl::Status Replayer::TakeAttempt(const Entry& entry) {
  const std::optional<AttemptId> id = IdOf<AttemptId>(Member(entry.value, "ref", "attempt"));
  if (!id) return Broken(entry, "names no attempt");
  if (entry.kind == "attempt.reserved") {
    const std::optional<EntryId> decision = IdOf<EntryId>(Member(entry.value, "ref", "entry"));
    const std::optional<EventId> event_id = IdOf<EventId>(Member(entry.value, "ref", "event"));
    if (!decision || !event_id) return Broken(entry, "names no decision or no event");
    const auto sealed = decided_.find(*decision);
    if (sealed == decided_.end()) {
      // Its contact went with the key.
      return erased_.contains(*entry.borrower) ? absl::OkStatus()
                                               : Broken(entry, "no decision allowed it");
    }
    if (sealed->second.borrower != *entry.borrower) {
      return Broken(entry, "the decision it names is about another");
    }
    const policy::Contact& contact = sealed->second.contact;
    Event event;
    event.id = *event_id;
    event.name = EventName::kAttempt;
    event.at = sealed->second.at;
    event.by = DoneBy::kTenant;
    event.accounts = contact.accounts;
    event.channel = contact.channel;
    event.point = contact.point;
    event.purpose = contact.purpose;
    event.outcome = Outcome::kUnreported;
    event.message = contact.message;
    event.automated = contact.automated;
    event.attempt = *id;
    attempts_[*id] = event.id;
    waiting_[event.id] = *entry.borrower;
    PutEvent(FileOf(entry), std::move(event));
    decided_.erase(sealed);
    return absl::OkStatus();
  }
  const auto made = attempts_.find(*id);
  if (made == attempts_.end()) return absl::OkStatus();  // of somebody erased
  std::vector<Event>& events = FileOf(entry).events;
  const auto event = std::find_if(events.begin(), events.end(),
                                  [&](const Event& one) { return one.id == made->second; });
  if (event == events.end()) return Broken(entry, "its event is not in the history");
  waiting_.erase(made->second);
  if (entry.kind == "attempt.dispatched") {
    const std::optional<Instant> at = InstantOf(Member(entry.value, "data", "at"));
    if (!at) return Broken(entry, "does not say when");
    const auto decision = IdOf<EntryId>(Member(entry.value, "ref", "entry"));
    if (!decision || decided_.erase(*decision) != 1) {
      return Broken(entry, "no decision allowed it to go");
    }
    Event moved = *event;
    moved.at = *at;
    PutEvent(FileOf(entry), std::move(moved));
  } else if (entry.kind == "attempt.settled") {
    const auto outcome = ParseWord<Outcome>(TextOf(Member(entry.value, "data", "outcome")));
    if (!outcome) return Broken(entry, "has no outcome that this program knows");
    event->outcome = *outcome;
  } else if (entry.kind == "attempt.released") {
    events.erase(event);
  }
  return absl::OkStatus();
}

std::vector<std::string> SettingsOf(const policy::TenantFacts& tenant) {
  // A city may have a space in its name and a letter beyond ASCII; hex has neither, and letters enough
  // not to look like a telephone number are no matter: a chunk begins with one.
  const absl::StatusOr<std::string> bytes = cj1::Encode(FactsOf(tenant));
  const std::string hex = ToHex(bytes.ok() ? *bytes : "");
  std::vector<std::string> chunks;
  for (size_t at = 0; at < hex.size(); at += kMostClearText - 1) {
    chunks.push_back("x" + hex.substr(at, kMostClearText - 1));
  }
  return chunks;
}

absl::StatusOr<policy::TenantFacts> ReadSettings(const std::vector<std::string>& chunks) {
  std::string hex;
  for (const std::string& chunk : chunks) {
    if (!chunk.starts_with('x')) {
      return DataLoss("replay: a tenant's settings are of another form");
    }
    hex += chunk.substr(1);
  }
  FORBEAR_ASSIGN_OR_RETURN(const std::string bytes, FromHex(hex));
  FORBEAR_ASSIGN_OR_RETURN(const cj1::Value facts, cj1::Parse(bytes));
  return ReadTenantFacts(facts);
}

}  // namespace forbear
