// The StopSwitch decides the race between a send and a stop (security.md C7).
//
// A contact is reserved in one transaction and sent after it. In between somebody may opt out,
// dispute, pay, or pause everything. Whoever committed first wins, as follows:
//
//   Expect(account)          before the transaction that may reserve
//   Touched(account, …)      from the store's listener, in commit order: the account's plan changed
//   Pause(scope)             before the caller of PauseContacts is answered
//   Begin(account, …)        just before Send: false when stopped; the attempt is then released
//   End(account)             after Send
//
// SAFETY: Begin and Pause exclude each other. A send either began before the pause was answered,
// and is counted there, or does not begin at all.
// Thread safety: every method may be called from any thread.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/model/ids.h"
#include "engine/orchestrator/command.h"

namespace forbear {

class StopSwitch {
 public:
  // A transaction is about to judge this account, and may reserve a contact about it.
  void Expect(const AccountId& account);
  // Nothing was reserved, or the send is over.
  void End(const AccountId& account);

  // The account's plan was committed anew. `judge_anew`: something happened to the borrower since
  // the reservation; a row that the reservation itself wrote says false.
  void Touched(const AccountId& account, bool judge_anew);

  void Pause(const PauseScope& scope);
  void Resume(const PauseScope& scope);
  // True when a pause covers every contact of every tenant.
  bool AllPaused() const;
  std::vector<PauseScope> Paused() const;

  enum class Verdict { kSend, kPaused, kOvertaken };
  // REQUIRES: Expect(send.accounts) before.
  Verdict Begin(const AccountId& account, const ReservedSend& send);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<AccountId, bool, IdHash> expected_;  // -> to be judged anew
  std::set<PauseScope> paused_;
};

// The scope a caller means: one with a tenant speaks for that tenant alone, whatever it asks for.
PauseScope Narrowed(const PauseScope& scope, const Caller& caller);

// True when `scope` covers a contact of this tenant on this channel with a borrower of these
// jurisdictions ("US" covers "US-OH").
bool PauseCovers(const PauseScope& scope, const std::string& tenant, Channel channel,
                 const std::vector<std::string>& jurisdictions);

}  // namespace forbear
