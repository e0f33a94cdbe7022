// A pack in YAML, from a stranger. Whatever it says: faults or a pack, and a pack that compiles
// answers a question by its own laws.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"
#include "engine/policy/bundle.h"
#include "engine/policy/question.h"

namespace {

using namespace forbear;  // NOLINT: a program of one file

struct World {
  std::shared_ptr<const ZoneTables> zones = LoadZones().value();
  yaml::LoadedPolicies loaded = yaml::LoadPolicies(FORBEAR_SOURCE_DIR "/policies", false).value();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

template <typename Id>
Id Numbered(uint8_t number) {
  Id128 id;
  id.bytes[0] = number;
  return Id(id);
}

// A call and a text to Tennessee, after a talk and a request, at an hour that is open in one of its
// zones alone.
void Question(const policy::Bundle& bundle, const std::shared_ptr<const policy::Bundle>& shared) {
  policy::TenantFacts tenant;
  tenant.id = "t";
  Borrower borrower;
  Place home;
  // Wherever the pack is for, as far as places/ know it.
  home.country = "US";
  home.subdivision = "US-TN";
  for (const policy::Pack& pack : bundle.packs()) {
    if (pack.jurisdiction.size() < 2) continue;
    home.country = pack.jurisdiction.substr(0, 2);
    home.subdivision = pack.jurisdiction.size() > 3 ? pack.jurisdiction.substr(0, 5) : "";
  }
  borrower.places = {home};
  ContactPoint phone;
  phone.id = Numbered<ContactPointId>(1);
  phone.line = Line::kMobile;
  phone.number_country = home.country;
  phone.number_zones = {"America/New_York"};
  borrower.contact_points = {phone};
  Account account;
  account.id = Numbered<AccountId>(2);
  std::vector<Event> history(3);
  const Instant noon = ParseInstant("2026-03-06T17:00:00Z").value();
  history[0].at = noon;
  history[0].channel = Channel::kCall;
  history[0].point = phone.id;
  history[0].outcome = Outcome::kConversation;
  history[1].at = noon + Seconds(60);
  history[1].name = EventName::kCeaseRequest;
  history[1].by = DoneBy::kBorrower;
  history[2].at = noon + Seconds(120);
  history[2].name = EventName::kNotice;
  history[2].notice = NoticeKind::kValidationNotice;
  for (size_t i = 0; i < history.size(); ++i) {
    history[i].id = Numbered<EventId>(static_cast<uint8_t>(i + 1));
  }

  policy::Facts facts;
  facts.tenant = &tenant;
  facts.borrower = &borrower;
  facts.accounts = {&account};
  for (const Event& event : history) facts.history.push_back(&event);
  facts.contact.point = phone.id;
  facts.contact.accounts = {account.id};
  for (const Channel channel : {Channel::kCall, Channel::kSms}) {
    facts.contact.channel = channel;
    const policy::Question question =
        policy::Resolve(facts, {shared, TheWorld().zones, TheWorld().loaded.places});
    const Instant at = ParseInstant("2026-03-08T06:59:59Z").value();
    const policy::Decision decision = policy::Decide(question, at);
    FORBEAR_CHECK((decision.answer == Answer::kAllowed) == decision.denials.empty());
    FORBEAR_CHECK((decision.answer == Answer::kDeferred) == decision.next_allowed_at.has_value());
    if (!decision.next_allowed_at) continue;
    const Instant opening = *decision.next_allowed_at;
    FORBEAR_CHECK(opening > at && opening < kEndOfTime);
    FORBEAR_CHECK(policy::Decide(question, opening).answer == Answer::kAllowed);
    FORBEAR_CHECK(policy::Decide(question, opening - Seconds(1)).answer != Answer::kAllowed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  yaml::Faults faults("fuzz.yaml");
  policy::Pack pack =
      yaml::ReadPack({reinterpret_cast<const char*>(data), size}, &faults);
  if (!faults.empty()) return 0;
  pack.parents.clear();
  const auto bundle =
      policy::Compile({std::move(pack)}, TheWorld().loaded.bundle->calendars(), "");
  if (bundle.ok()) Question(**bundle, *bundle);
  return 0;
}
