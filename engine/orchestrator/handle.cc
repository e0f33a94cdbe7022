#include "engine/orchestrator/handle.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/orchestrator/facts_codec.h"
#include "engine/orchestrator/handling.h"

namespace forbear {
namespace {

// An id that happens to have decimal digits only is an id all the same (E11), but whoever reads the
// log, or searches it for telephone numbers, would look twice. One derivation more spares them
// that.
bool HasALetter(const Id128& id) {
  const std::string hex = id.Hex();
  return std::any_of(hex.begin(), hex.end(), [](char c) { return c >= 'a'; });
}

}  // namespace

Id128 Handling::Derive(bool timed) {
  while (true) {
    std::string input(reinterpret_cast<const char*>(command.seed.data()), command.seed.size());
    for (int shift = 56; shift >= 0; shift -= 8) {
      input.push_back(static_cast<char>(derived_ >> shift & 0xff));
    }
    ++derived_;
    const Bytes32 digest = audit::Sha256(input);
    Id128 id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    if (timed) {
      for (size_t i = 0; i < 6; ++i) {
        id.bytes[i] = static_cast<uint8_t>(command.made_at_ms >> (40 - 8 * i));
      }
    }
    if (HasALetter(id)) return id;
  }
}

EventId Handling::NewEventId() {
  Id128 id = Derive(true);
  id.bytes[6] = static_cast<uint8_t>(events_ >> 8);
  id.bytes[7] = static_cast<uint8_t>(events_ & 0xff);
  ++events_;
  if (!HasALetter(id)) id.bytes[8] = 0xaa;
  return EventId(id);
}

audit::EntryDraft& Handling::Log(std::string kind, const std::string& of_tenant,
                                 std::optional<BorrowerId> borrower) {
  audit::EntryDraft draft;
  draft.id = NewTimedId<EntryId>();
  draft.kind = std::move(kind);
  draft.actor = command.actor;
  draft.tenant = of_tenant;
  if (!of_tenant.empty()) draft.borrower = borrower;
  changes.entries.push_back(std::move(draft));
  return changes.entries.back();
}

void LogFacts(const char* kind, const Borrower& borrower, Handling& handling) {
  std::vector<cj1::Value> pieces = InPieces(FactsOf(borrower));
  for (size_t i = 0; i < pieces.size(); ++i) {
    audit::EntryDraft& entry = handling.Log(kind, borrower.tenant, borrower.id);
    entry.data.Set("version", borrower.version);
    if (pieces.size() > 1) {
      entry.data.Set("part", static_cast<uint64_t>(i + 1));
      entry.data.Set("parts", static_cast<uint64_t>(pieces.size()));
    }
    entry.facts.Set("borrower", std::move(pieces[i]));
  }
}

absl::StatusOr<Account> FindAccount(const Handling& handling, const AccountId& id) {
  FORBEAR_ASSIGN_OR_RETURN(std::optional<Account> account, handling.state.FindAccount(id));
  if (!account || account->tenant != handling.tenant()) return NotFound("no such account");
  return *std::move(account);
}

void WakeAll(Handling& handling, const FileSet& files) {
  const auto wake = [&](const BorrowerFile& file) {
    for (const Plan& plan : file.plans) {
      Plan woken = plan;
      woken.wake_at = handling.now;
      handling.changes.plans.push_back(std::move(woken));
    }
  };
  wake(*files.own);
  for (const auto& file : files.linked) wake(*file);
}

Plan PlanOf(const FileSet& files, const Account& account) {
  for (const Plan& plan : files.own->plans) {
    if (plan.account == account.id) return plan;
  }
  Plan plan;
  plan.account = account.id;
  plan.borrower = account.borrower;
  return plan;
}

Handler MakeHandler(std::shared_ptr<const World> world) {
  return MakeHandler([world = std::move(world)] { return world; });
}

Handler MakeHandler(std::function<std::shared_ptr<const World>()> current_world) {
  return [current_world = std::move(current_world)](const StateView& state, const Command& command,
                                                    Instant now) -> absl::StatusOr<Changes> {
    const std::shared_ptr<const World> world = current_world();
    if (now < kFirstInstant || now >= kEndOfTime) {
      return FailedPrecondition("the clock stands outside 1970 to 2037: zone data ends there");
    }
    Handling handling(*world, state, command, now);
    FORBEAR_RETURN_IF_ERROR(
        std::visit([&](const auto& body) { return Handle(body, handling); }, command.body));
    return std::move(handling.changes);
  };
}

}  // namespace forbear
