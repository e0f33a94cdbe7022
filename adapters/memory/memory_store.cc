#include "adapters/memory/memory_store.h"

#include <algorithm>

#include "adapters/rows/rows.h"
#include "engine/model/status.h"
#include "engine/ports/store_rules.h"
#include "engine/vault/sealing.h"

namespace forbear {
namespace {

const Account* AccountIn(const BorrowerFile& file, const AccountId& id) {
  for (const Account& account : file.accounts) {
    if (account.id == id) return &account;
  }
  return nullptr;
}

}  // namespace

// What Handle sees. REQUIRES: the state does not change while it is used.
class MemoryStore::View : public StateView {
 public:
  explicit View(const MemoryStore& store) : store_(store) {}

  absl::StatusOr<std::shared_ptr<const BorrowerFile>> FindBorrower(
      const BorrowerId& id) const override {
    return store_.FileOf(id);
  }
  absl::StatusOr<std::optional<BorrowerId>> FindBorrowerByExternalId(
      std::string_view tenant, std::string_view external_id) const override {
    const auto found = store_.borrower_names_.find({std::string(tenant), std::string(external_id)});
    if (found == store_.borrower_names_.end()) return std::nullopt;
    return found->second;
  }
  absl::StatusOr<std::optional<Account>> FindAccount(const AccountId& id) const override {
    const auto found = store_.accounts_.find(id);
    if (found == store_.accounts_.end()) return std::nullopt;
    return *AccountIn(*store_.FileOf(found->second), id);
  }
  absl::StatusOr<std::optional<AccountId>> FindAccountByExternalId(
      std::string_view tenant, std::string_view external_id) const override {
    const auto found = store_.account_names_.find({std::string(tenant), std::string(external_id)});
    if (found == store_.account_names_.end()) return std::nullopt;
    return found->second;
  }
  absl::StatusOr<std::optional<SubmittedBody>> FindSubmitted(const AccountId& id) const override {
    const auto found = store_.submitted_.find(id);
    if (found == store_.submitted_.end()) return std::nullopt;
    return found->second;
  }
  absl::StatusOr<std::vector<BorrowerId>> FindLinked(std::string_view tenant,
                                                     const BorrowerId& id) const override {
    return store_.LinkedOf(tenant, id);
  }
  absl::StatusOr<std::optional<Attempt>> FindAttempt(const AttemptId& id) const override {
    const auto found = store_.attempts_.find(id);
    if (found == store_.attempts_.end()) return std::nullopt;
    return found->second;
  }
  absl::StatusOr<std::vector<Pause>> Pauses() const override {
    std::vector<Pause> pauses;
    for (const auto& [scope, pause] : store_.pauses_) pauses.push_back(pause);
    return pauses;
  }
  absl::StatusOr<uint32_t> CountInFlight(const PauseScope& scope) const override {
    uint32_t count = 0;
    for (const auto& [id, attempt] : store_.attempts_) {
      if (!MayBeLeaving(attempt)) continue;
      const auto file = store_.FileOf(attempt.borrower);
      if (MayConcern(scope, attempt, file == nullptr ? nullptr : &file->borrower)) ++count;
    }
    return count;
  }
  std::optional<uint64_t> NewestSeq() const override { return store_.log_.size() - 1; }

 private:
  const MemoryStore& store_;
};

class MemoryStore::Log : public audit::EntrySource {
 public:
  explicit Log(const MemoryStore& store) : store_(store) {}

  absl::StatusOr<uint64_t> Size() const override {
    const std::lock_guard lock(store_.state_mutex_);
    return store_.entries_.size();
  }
  absl::StatusOr<std::vector<std::string>> Entries(uint64_t from, uint64_t to) const override {
    const std::lock_guard lock(store_.state_mutex_);
    if (from > to || to > store_.entries_.size()) return DataLoss("entries are missing");
    std::vector<std::string> entries;
    for (uint64_t seq = from; seq < to; ++seq) entries.push_back(store_.entries_[seq].stored.bytes);
    return entries;
  }
  absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const override {
    const std::lock_guard lock(store_.state_mutex_);
    const auto found = store_.tile_index_.find({level, n});
    if (found == store_.tile_index_.end()) return NotFound("no such hash tile");
    return store_.tiles_[found->second].bytes;
  }

 private:
  const MemoryStore& store_;
};

MemoryStore::MemoryStore(Options options)
    : options_(std::move(options)), log_(options_.origin, options_.node) {
  FORBEAR_CHECK(options_.clock != nullptr && options_.randomness != nullptr &&
                options_.keys != nullptr);
  EntryId id;
  options_.randomness->Fill(id.bytes);
  Changes changes;
  changes.entries.push_back(OpeningEntry(id));
  const std::lock_guard lock(state_mutex_);
  // Only an origin or node that may not stand in an entry can fail here.
  absl::StatusOr<audit::EncodedEntry> entry =
      log_.Append(changes.entries.front(), options_.clock->Now());
  FORBEAR_CHECK(entry.ok());
  entry_ids_.insert(id);
  entries_.push_back({.stored = {entry->seq, entry->leaf_hash, std::move(entry->bytes)},
                      .tenant = "",
                      .borrower = std::nullopt,
                      .kind = changes.entries.front().kind});
  log_.Commit();
}

void MemoryStore::OnPlans(std::function<void(const std::vector<Plan>&)> listener) {
  listener_ = std::move(listener);
}

void MemoryStore::Apply(Command command, Done done) {
  {
    std::unique_lock lock(queue_mutex_);
    if (queue_.size() >= kMostQueuedCommands) {
      lock.unlock();
      done(QueueFull());
      return;
    }
    options_.clock->Hold();
    queue_.push_back({std::move(command), std::move(done)});
    if (working_) return;
    working_ = true;
  }
  for (;;) {
    Queued next;
    {
      const std::lock_guard lock(queue_mutex_);
      if (queue_.empty()) {
        working_ = false;
        return;
      }
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    std::vector<Plan> plans;
    absl::StatusOr<Applied> applied = Execute(next.command, &plans);
    if (listener_ && !plans.empty()) listener_(plans);
    next.done(std::move(applied));
    options_.clock->Release();
  }
}

absl::StatusOr<Applied> MemoryStore::Execute(const Command& command, std::vector<Plan>* plans) {
  RequestName name;
  if (command.request.has_value()) {
    name = {command.caller.tenant, command.caller.id, command.request->method,
            command.request->request_id};
    const auto known = requests_.find(name);
    if (known != requests_.end()) {
      if (known->second.body_digest != command.request->body_digest) {
        return RequestTaken(*command.request);
      }
      Applied applied{.result = known->second.result, .send = std::nullopt};
      applied.result.repeated = true;
      return applied;
    }
  }

  const Instant now = std::max(log_.last_time(), options_.clock->Now());
  const View view(*this);
  FORBEAR_ASSIGN_OR_RETURN(Changes changes, options_.handler(view, command, now));
  if (options_.handling == Handling::kTwice) {
    const absl::StatusOr<Changes> again = options_.handler(view, command, now);
    FORBEAR_CHECK(again.ok() && rows::EncodeChanges(*again) == rows::EncodeChanges(changes));
  }
  FORBEAR_RETURN_IF_ERROR(Admit(changes));
  if (const absl::Status sealed = Seal(&changes); !sealed.ok()) {
    options_.keys->ForgetUnsaved();
    return sealed;
  }

  const std::lock_guard lock(state_mutex_);
  const audit::LogWriter::Mark mark = log_.Save();
  std::vector<KeptEntry> appended;
  std::vector<Receipt> receipts;
  for (const audit::EntryDraft& draft : changes.entries) {
    absl::StatusOr<audit::EncodedEntry> entry = log_.Append(draft, now);
    if (!entry.ok()) {
      log_.RollbackTo(mark);
      options_.keys->ForgetUnsaved();
      return Internal("entry `" + draft.kind + "`: " + std::string(entry.status().message()));
    }
    receipts.push_back({entry->seq, entry->leaf_hash});
    appended.push_back({.stored = {entry->seq, entry->leaf_hash, std::move(entry->bytes)},
                        .tenant = draft.tenant,
                        .borrower = draft.borrower,
                        .kind = draft.kind});
  }
  if (const absl::Status saved = options_.keys->Save(); !saved.ok()) {
    log_.RollbackTo(mark);
    options_.keys->ForgetUnsaved();
    return saved;
  }
  // From here on nothing can fail.
  changes.applied.result.receipts = std::move(receipts);
  for (const audit::EntryDraft& draft : changes.entries) entry_ids_.insert(draft.id);
  for (KeptEntry& entry : appended) entries_.push_back(std::move(entry));
  for (const audit::FullTile& tile : log_.NewTiles()) {
    tile_index_[{tile.level, tile.n}] = tiles_.size();
    tiles_.push_back(tile);
  }
  log_.Commit();
  Write(changes);
  if (command.request.has_value()) {
    requests_[name] = {command.request->body_digest, changes.applied.result};
  }
  *plans = std::move(changes.plans);
  return std::move(changes.applied);
}

absl::Status MemoryStore::Seal(Changes* changes) const {
  for (const Borrower& row : changes->borrowers) {
    if (files_.contains(row.id)) continue;
    FORBEAR_RETURN_IF_ERROR(vault::MakeMissingKey(*options_.keys, row.tenant, row.id));
  }
  return vault::SealFacts(*options_.keys, options_.origin, &changes->entries);
}

// What a database refuses with its constraints.
absl::Status MemoryStore::Admit(const Changes& changes) const {
  FORBEAR_RETURN_IF_ERROR(CheckRows(changes));
  std::map<ExternalId, BorrowerId> borrower_names;
  std::set<BorrowerId> borrowers;
  for (const Borrower& row : changes.borrowers) {
    const ExternalId name{row.tenant, row.external_id};
    const auto old = borrower_names_.find(name);
    if ((old != borrower_names_.end() && old->second != row.id) ||
        !borrower_names.emplace(name, row.id).second) {
      return Internal("row of `borrower`: its external id belongs to another");
    }
    borrowers.insert(row.id);
  }
  std::map<ExternalId, AccountId> account_names;
  for (const Account& row : changes.accounts) {
    const ExternalId name{row.tenant, row.external_id};
    const auto old = account_names_.find(name);
    if ((old != account_names_.end() && old->second != row.id) ||
        !account_names.emplace(name, row.id).second) {
      return Internal("row of `account`: its external id belongs to another");
    }
  }
  for (const BorrowerId& id : TouchedFiles(changes)) {
    if (!borrowers.contains(id) && !files_.contains(id)) {
      return Internal("row of a command: there is no such borrower");
    }
  }
  std::map<AttemptId, AttemptState> states;
  for (const Attempt& row : changes.attempts) {
    std::optional<AttemptState> before;
    if (const auto old = attempts_.find(row.id); old != attempts_.end()) before = old->second.state;
    if (const auto now = states.find(row.id); now != states.end()) before = now->second;
    if (!MayFollow(before, row.state)) {
      return Internal("row of `attempt`: its state does not follow from the one before");
    }
    states[row.id] = row.state;
  }
  std::set<EntryId> ids;
  for (const audit::EntryDraft& draft : changes.entries) {
    if (entry_ids_.contains(draft.id) || !ids.insert(draft.id).second) {
      return Internal("entry `" + draft.kind + "`: E6: its id is in the log already");
    }
  }
  return absl::OkStatus();
}

void MemoryStore::Write(Changes& changes) {
  for (const BorrowerId& id : TouchedFiles(changes)) {
    const std::shared_ptr<const BorrowerFile> before = FileOf(id);
    auto after = before == nullptr ? std::make_shared<BorrowerFile>()
                                   : std::make_shared<BorrowerFile>(*before);
    ApplyToFile(changes, id, after.get());
    if (before != nullptr) {
      for (const ContactPoint& point : before->borrower.contact_points) {
        const auto link = links_.find({before->borrower.tenant, point.link_digest});
        if (link != links_.end()) link->second.erase(id);
      }
    }
    for (const ContactPoint& point : after->borrower.contact_points) {
      if (point.link_digest == Bytes32{}) continue;
      links_[{after->borrower.tenant, point.link_digest}].insert(id);
    }
    borrower_names_[{after->borrower.tenant, after->borrower.external_id}] = id;
    files_[id] = std::move(after);
  }
  for (const Account& row : changes.accounts) {
    accounts_[row.id] = row.borrower;
    account_names_[{row.tenant, row.external_id}] = row.id;
  }
  for (const auto& [id, row] : changes.submitted) submitted_[id] = row;
  for (const Attempt& row : changes.attempts) attempts_[row.id] = row;
  for (const Pause& row : changes.pauses) pauses_[row.scope] = row;
  for (const PauseScope& scope : changes.resumed) pauses_.erase(scope);
}

std::shared_ptr<const BorrowerFile> MemoryStore::FileOf(const BorrowerId& id) const {
  const auto found = files_.find(id);
  return found == files_.end() ? nullptr : found->second;
}

std::vector<BorrowerId> MemoryStore::LinkedOf(std::string_view tenant, const BorrowerId& id) const {
  const std::shared_ptr<const BorrowerFile> file = FileOf(id);
  if (file == nullptr || file->borrower.tenant != tenant) return {};
  std::set<BorrowerId> linked;
  for (const ContactPoint& point : file->borrower.contact_points) {
    const auto link = links_.find({file->borrower.tenant, point.link_digest});
    if (link != links_.end()) linked.insert(link->second.begin(), link->second.end());
  }
  linked.erase(id);
  return {linked.begin(), linked.end()};
}

absl::StatusOr<std::shared_ptr<const BorrowerFile>> MemoryStore::ReadBorrower(
    std::string_view tenant, const BorrowerId& id) const {
  const std::lock_guard lock(state_mutex_);
  std::shared_ptr<const BorrowerFile> file = FileOf(id);
  if (file == nullptr || file->borrower.tenant != tenant) return nullptr;
  return file;
}

absl::StatusOr<std::optional<BorrowerId>> MemoryStore::FindBorrowerByExternalId(
    std::string_view tenant, std::string_view external_id) const {
  const std::lock_guard lock(state_mutex_);
  return View(*this).FindBorrowerByExternalId(tenant, external_id);
}

absl::StatusOr<std::optional<Account>> MemoryStore::ReadAccount(std::string_view tenant,
                                                                const AccountId& id) const {
  const std::lock_guard lock(state_mutex_);
  FORBEAR_ASSIGN_OR_RETURN(std::optional<Account> account, View(*this).FindAccount(id));
  if (account.has_value() && account->tenant != tenant) account.reset();
  return account;
}

absl::StatusOr<std::optional<AccountId>> MemoryStore::FindAccountByExternalId(
    std::string_view tenant, std::string_view external_id) const {
  const std::lock_guard lock(state_mutex_);
  return View(*this).FindAccountByExternalId(tenant, external_id);
}

absl::StatusOr<std::vector<Account>> MemoryStore::ListAccounts(std::string_view tenant,
                                                               const AccountId& after,
                                                               size_t limit) const {
  const std::lock_guard lock(state_mutex_);
  std::vector<Account> accounts;
  for (auto at = accounts_.upper_bound(after); at != accounts_.end() && accounts.size() < limit;
       ++at) {
    const Account& account = *AccountIn(*FileOf(at->second), at->first);
    if (account.tenant == tenant) accounts.push_back(account);
  }
  return accounts;
}

absl::StatusOr<std::vector<BorrowerId>> MemoryStore::ReadLinked(std::string_view tenant,
                                                                const BorrowerId& id) const {
  const std::lock_guard lock(state_mutex_);
  return LinkedOf(tenant, id);
}

absl::StatusOr<std::vector<Attempt>> MemoryStore::ListAttempts(std::string_view tenant,
                                                               const BorrowerId& id) const {
  const std::lock_guard lock(state_mutex_);
  std::vector<Attempt> attempts;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt.tenant == tenant && attempt.borrower == id) attempts.push_back(attempt);
  }
  return attempts;
}

absl::StatusOr<std::vector<Plan>> MemoryStore::ListPlans(std::string_view tenant, Instant from,
                                                         Instant to, size_t limit) const {
  const std::lock_guard lock(state_mutex_);
  std::vector<Plan> plans;
  for (const auto& [id, file] : files_) {
    if (file->borrower.tenant != tenant) continue;
    for (const Plan& plan : file->plans) {
      if (plan.wake_at.has_value() && *plan.wake_at >= from && *plan.wake_at < to) {
        plans.push_back(plan);
      }
    }
  }
  std::sort(plans.begin(), plans.end(), [](const Plan& a, const Plan& b) {
    return a.wake_at != b.wake_at ? *a.wake_at < *b.wake_at : a.account < b.account;
  });
  if (plans.size() > limit) plans.resize(limit);
  return plans;
}

absl::StatusOr<std::vector<Pause>> MemoryStore::ReadPauses() const {
  const std::lock_guard lock(state_mutex_);
  return View(*this).Pauses();
}

absl::StatusOr<EntryPage> MemoryStore::ScanEntries(const EntryQuery& query) const {
  const std::lock_guard lock(state_mutex_);
  FORBEAR_ASSIGN_OR_RETURN(
      const audit::EntryRange range,
      audit::RangeOf(query, entries_.size(), [&](uint64_t seq) -> absl::StatusOr<std::string> {
        return entries_[seq].stored.bytes;
      }));
  EntryPage page;
  size_t scanned = 0;
  for (uint64_t seq = range.first; seq < range.end; ++seq) {
    const KeptEntry& entry = entries_[seq];
    // Passed over as an index would: these count as not looked at.
    if (query.tenant.has_value() && entry.tenant != *query.tenant) continue;
    if (query.borrower.has_value() && entry.borrower != query.borrower) continue;
    if (page.entries.size() == query.limit || scanned == query.scan_limit) {
      page.next_seq = seq;
      break;
    }
    ++scanned;
    if (!audit::MatchesKind(query, entry.kind)) continue;
    if (audit::AsksForContent(query)) {
      FORBEAR_ASSIGN_OR_RETURN(const cj1::Value value, cj1::Parse(entry.stored.bytes));
      if (!audit::Matches(query, value)) continue;
    }
    page.entries.push_back(entry.stored);
  }
  return page;
}

audit::LogHead MemoryStore::Head() const {
  const std::lock_guard lock(state_mutex_);
  return log_.Head();
}

StoreStatus MemoryStore::Status() const {
  StoreStatus status;
  {
    const std::lock_guard lock(queue_mutex_);
    status.queued_commands = queue_.size();
  }
  const std::lock_guard lock(state_mutex_);
  status.log_size = log_.size();
  status.accounts = accounts_.size();
  status.borrowers = files_.size();
  return status;
}

absl::Status MemoryStore::ForEachPlan(std::function<void(const Plan&)> visit) const {
  std::vector<Plan> plans;
  {
    const std::lock_guard lock(state_mutex_);
    for (const auto& [id, file] : files_) {
      for (const Plan& plan : file->plans) {
        if (plan.wake_at.has_value()) plans.push_back(plan);
      }
    }
  }
  for (const Plan& plan : plans) visit(plan);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Attempt>> MemoryStore::OpenAttempts() const {
  const std::lock_guard lock(state_mutex_);
  std::vector<Attempt> open;
  for (const auto& [id, attempt] : attempts_) {
    if (IsOpen(attempt.state)) open.push_back(attempt);
  }
  return open;
}

std::unique_ptr<audit::EntrySource> MemoryStore::OpenLog() const {
  return std::make_unique<Log>(*this);
}

}  // namespace forbear
