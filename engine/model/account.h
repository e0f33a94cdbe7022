// An account is one overdue debt. Caps say `debt`, people say loan or card; it is the same thing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/money.h"
#include "engine/model/weekly_slot.h"
#include "engine/model/words.h"

namespace forbear {

enum class AccountState : uint8_t { kOpen, kPaid, kClosed };

struct Account {
  AccountId id;
  BorrowerId borrower;
  std::string tenant;
  std::string external_id;  // the lender's own account id, unique in the tenant for ever
  Role role = Role::kThirdPartyCollector;  // in what capacity the tenant holds it
  Product product = Product::kOther;
  std::string declared_product;  // with Product::kDeclared
  AccountKind kind = AccountKind::kUnknown;
  HeldAs held_as = HeldAs::kUnknown;
  FirmKind creditor_kind = FirmKind::kUnknown;
  Money balance;            // what is owed now; > 0 while open
  Money principal;          // of the original claim; zero minor units: not told
  Day due_on{};             // oldest unpaid due date, a civil day where the borrower is; 0: not told
  std::string original_creditor;  // a firm's name; empty: not told
  std::optional<Day> placed_on, defaulted_on, charged_off_on, limitation_expires_on;
  std::string account_number_at_placement;  // loans with one number may be one debt; empty: its own
  bool serviced_by_tenant = false;
  std::optional<bool> secured;   // something was pledged for it; absent: not told
  std::optional<bool> stale;     // too old to sue on, by what the tenant knows; absent: not told
  std::optional<std::vector<WeeklySlot>> hours;  // agreed for this debt; absent: none were
  Stage stage = Stage::kOverdue;
  AccountState state = AccountState::kOpen;
  Instant as_of{};          // the lender's own time of this body; a newer one may replace it
  uint64_t version = 0;
};

// Nothing that is still collected fell due on the first day of 1970: it stands for "not told", which
// only the facts of a question may say.
inline std::optional<Day> DueOn(const Account& account) {
  if (account.due_on == Day{}) return std::nullopt;
  return account.due_on;
}

// Whole days from the due date to `on`; 0 when current or not yet due.
inline int DaysPastDue(const Account& account, Day on) {
  const auto days = (on - account.due_on).count();
  return days > 0 ? static_cast<int>(days) : 0;
}

}  // namespace forbear
