#include "adapters/sqlite/tables.h"

#include <algorithm>
#include <utility>

#include "adapters/rows/rows.h"
#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/vault/seal.h"
#include "engine/vault/sealing.h"
#include "engine/ports/store_rules.h"

namespace forbear::sqlite {
namespace {

std::string_view Raw(const Bytes32& bytes) { return audit::AsText(bytes); }
int64_t Count(Instant at) { return at.time_since_epoch().count(); }
Instant ToInstant(int64_t seconds) { return Instant(Seconds(seconds)); }

absl::Status Damaged(std::string_view table) {
  return DataLoss("store: a row of `" + std::string(table) +
                  "` is not as we wrote it; make no contact and restore from a backup");
}

// Bytes of an id column.
template <typename T>
absl::Status ReadId(std::string_view table, std::string_view bytes, T* id) {
  if (bytes.size() != 16) return Damaged(table);
  *id = T::Raw16(bytes);
  return absl::OkStatus();
}

absl::Status ReadHash(std::string_view table, std::string_view bytes, Bytes32* hash) {
  if (bytes.size() != hash->size()) return Damaged(table);
  *hash = audit::AsBytes32(bytes);
  return absl::OkStatus();
}

void BindInstant(Run& run, const std::optional<Instant>& at) {
  if (at.has_value()) {
    run.Integer(Count(*at));
  } else {
    run.Null();
  }
}

std::optional<Instant> InstantAt(const Run& run, int column) {
  if (run.IsNull(column)) return std::nullopt;
  return ToInstant(run.Number(column));
}

// A row of `plan` from `account, borrower, wake_at, step, last_sent_at, last_answer`.
absl::Status ReadPlan(const Run& run, Plan* plan) {
  FORBEAR_RETURN_IF_ERROR(ReadId("plan", run.Bytes(0), &plan->account));
  FORBEAR_RETURN_IF_ERROR(ReadId("plan", run.Bytes(1), &plan->borrower));
  plan->wake_at = InstantAt(run, 2);
  plan->step = static_cast<int>(run.Number(3));
  plan->last_sent_at = InstantAt(run, 4);
  plan->last_answer = static_cast<uint64_t>(run.Number(5));
  return absl::OkStatus();
}

// A row of `account` from `id, tenant, external_id, borrower, state, body`.
absl::StatusOr<Account> ReadAccountRow(const Run& run) {
  Account account;
  FORBEAR_RETURN_IF_ERROR(ReadId("account", run.Bytes(0), &account.id));
  account.tenant = run.Bytes(1);
  account.external_id = run.Bytes(2);
  FORBEAR_RETURN_IF_ERROR(ReadId("account", run.Bytes(3), &account.borrower));
  if (run.Bytes(4) == "open") {
    account.state = AccountState::kOpen;
  } else if (run.Bytes(4) == "paid") {
    account.state = AccountState::kPaid;
  } else if (run.Bytes(4) == "closed") {
    account.state = AccountState::kClosed;
  } else {
    return Damaged("account");
  }
  FORBEAR_RETURN_IF_ERROR(rows::DecodeAccount(run.Bytes(5), &account));
  return account;
}

std::string_view StateName(AccountState state) {
  switch (state) {
    case AccountState::kOpen:
      return "open";
    case AccountState::kPaid:
      return "paid";
    case AccountState::kClosed:
      return "closed";
  }
  return "";
}

// A row of `attempt` from `id, tenant, borrower, state, body`.
absl::StatusOr<Attempt> ReadAttemptRow(const Run& run) {
  Attempt attempt;
  FORBEAR_RETURN_IF_ERROR(ReadId("attempt", run.Bytes(0), &attempt.id));
  attempt.tenant = run.Bytes(1);
  FORBEAR_RETURN_IF_ERROR(ReadId("attempt", run.Bytes(2), &attempt.borrower));
  const std::optional<AttemptState> state = ParseWord<AttemptState>(run.Bytes(3));
  if (!state.has_value()) return Damaged("attempt");
  attempt.state = *state;
  FORBEAR_RETURN_IF_ERROR(rows::DecodeAttempt(run.Bytes(4), &attempt));
  return attempt;
}

std::string_view ChannelName(const PauseScope& scope) {
  return scope.channel.has_value() ? ToWord(*scope.channel) : std::string_view();
}

}  // namespace

struct Tables::Statements {
  explicit Statements(Database& d)
      : begin(d, "BEGIN IMMEDIATE"),
        begin_reading(d, "BEGIN"),
        commit(d, "COMMIT"),
        mark(d, "SAVEPOINT command"),
        release_mark(d, "RELEASE command"),
        rollback_to_mark(d, "ROLLBACK TO command"),
        list_borrowers(d, "SELECT id FROM borrower ORDER BY id"),
        find_borrower(d, "SELECT tenant, external_id, body, personal FROM borrower WHERE id = ?"),
        find_borrower_name(d, "SELECT id FROM borrower WHERE tenant = ? AND external_id = ?"),
        find_plans(d,
                   "SELECT account, borrower, wake_at, step, last_sent_at, last_answer, planned "
                   "FROM plan WHERE borrower = ? ORDER BY account"),
        find_events(d, "SELECT id, body FROM event WHERE borrower = ? ORDER BY at, id"),
        find_account(d,
                     "SELECT id, tenant, external_id, borrower, state, body FROM account "
                     "WHERE id = ?"),
        find_account_of(d,
                        "SELECT id, tenant, external_id, borrower, state, body FROM account "
                        "WHERE id = ? AND tenant = ?"),
        find_account_name(d, "SELECT id FROM account WHERE tenant = ? AND external_id = ?"),
        list_accounts(d,
                      "SELECT id, tenant, external_id, borrower, state, body FROM account "
                      "WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"),
        find_submitted(d, "SELECT body FROM submitted WHERE account = ?"),
        find_linked(d, "SELECT borrower FROM link WHERE tenant = ? AND digest = ?"),
        find_attempt(d, "SELECT id, tenant, borrower, state, body FROM attempt WHERE id = ?"),
        list_attempts(d,
                      "SELECT id, tenant, borrower, state, body FROM attempt "
                      "WHERE borrower = ? AND tenant = ? ORDER BY id"),
        list_pauses(d,
                    "SELECT tenant, jurisdiction, channel, body FROM pause "
                    "ORDER BY tenant, jurisdiction, channel"),
        scan_plans(d,
                   "SELECT account, borrower, wake_at, step, last_sent_at, last_answer "
                   "FROM plan WHERE wake_at IS NOT NULL AND planned"),
        scan_plans_of(d,
                      "SELECT account, borrower, wake_at, step, last_sent_at, last_answer "
                      "FROM plan WHERE wake_at IS NOT NULL AND planned AND tenant = ?"),
        find_request(d,
                     "SELECT body_digest, result FROM request WHERE tenant = ? AND caller = ? "
                     "AND method = ? AND request_id = ?"),
        read_counters(d, "SELECT borrowers, accounts, open_attempts FROM tally"),
        list_entries(d,
                     "SELECT seq, leaf_hash, bytes, kind FROM log_entry WHERE seq >= ?1 "
                     "AND seq < ?2 ORDER BY seq"),
        list_entries_of_tenant(d,
                               "SELECT seq, leaf_hash, bytes, kind FROM log_entry WHERE seq >= ?1 "
                               "AND seq < ?2 AND tenant = ?3 ORDER BY seq"),
        list_entries_of_borrower(
            d,
            "SELECT seq, leaf_hash, bytes, kind FROM log_entry WHERE seq >= ?1 "
            "AND seq < ?2 AND borrower = ?3 "
            "AND (?4 IS NULL OR +tenant = ?4) ORDER BY seq"),
        find_head(d, "SELECT origin, size, root, peaks, last_time, counts FROM log_head"),
        entries_end(d, "SELECT max(seq) FROM log_entry"),
        newest_checkpoint(d,
                          "SELECT size, root, note FROM log_checkpoint ORDER BY size DESC LIMIT 1"),
        read_entries(d, "SELECT seq, bytes FROM log_entry WHERE seq >= ? AND seq < ? ORDER BY seq"),
        read_tile(d, "SELECT bytes FROM log_tile WHERE level = ? AND n = ?"),
        add_borrower(d,
                     "INSERT INTO borrower(id, tenant, external_id, body, personal) "
                     "VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"),
        set_borrower(d,
                     "UPDATE borrower SET body = ?, personal = ? WHERE id = ? AND tenant = ? "
                     "AND external_id = ?"),
        add_account(d,
                    "INSERT INTO account(id, tenant, external_id, borrower, state, body) "
                    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"),
        set_account(d,
                    "UPDATE account SET state = ?, body = ? WHERE id = ? AND tenant = ? "
                    "AND external_id = ? AND borrower = ?"),
        put_submitted(d,
                      "INSERT INTO submitted(account, body) VALUES (?, ?) "
                      "ON CONFLICT (account) DO UPDATE SET body = excluded.body"),
        put_event(
            d,
            "INSERT INTO event(borrower, id, at, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (borrower, id) DO UPDATE SET at = excluded.at, body = excluded.body"),
        drop_event(d, "DELETE FROM event WHERE borrower = ? AND id = ?"),
        add_attempt(d,
                    "INSERT INTO attempt(id, tenant, borrower, state, body) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO NOTHING"),
        set_attempt(d,
                    "UPDATE attempt SET state = ?1, body = ?2 WHERE id = ?3 AND tenant = ?4 "
                    "AND borrower = ?5 AND state IN (?1, ?6, ?7)"),
        add_plan(d,
                 "INSERT INTO plan(borrower, account, tenant, planned, wake_at, step, "
                 "last_sent_at, last_answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
        set_plan(d,
                 "UPDATE plan SET planned = 1, wake_at = ?, step = ?, last_sent_at = ?, "
                 "last_answer = ? WHERE borrower = ? AND account = ?"),
        add_link(d,
                 "INSERT INTO link(tenant, digest, borrower) VALUES (?, ?, ?) "
                 "ON CONFLICT DO NOTHING"),
        drop_link(d, "DELETE FROM link WHERE tenant = ? AND digest = ? AND borrower = ?"),
        put_pause(d,
                  "INSERT INTO pause(tenant, jurisdiction, channel, body) VALUES (?, ?, ?, ?) "
                  "ON CONFLICT DO UPDATE SET body = excluded.body"),
        drop_pause(d, "DELETE FROM pause WHERE tenant = ? AND jurisdiction = ? AND channel = ?"),
        add_request(d,
                    "INSERT INTO request(tenant, caller, method, request_id, body_digest, result) "
                    "VALUES (?, ?, ?, ?, ?, ?)"),
        add_entry(d,
                  "INSERT INTO log_entry(seq, id, tenant, tseq, borrower, kind, leaf_hash, bytes) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
        add_tile(d, "INSERT INTO log_tile(level, n, bytes) VALUES (?, ?, ?)"),
        put_head(d,
                 "INSERT INTO log_head(one, origin, size, root, peaks, last_time, counts) "
                 "VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET "
                 "origin = excluded.origin, size = excluded.size, root = excluded.root, "
                 "peaks = excluded.peaks, last_time = excluded.last_time, "
                 "counts = excluded.counts"),
        put_counters(d,
                     "INSERT INTO tally(one, borrowers, accounts, open_attempts) "
                     "VALUES (1, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET "
                     "borrowers = excluded.borrowers, accounts = excluded.accounts, "
                     "open_attempts = excluded.open_attempts"),
        add_checkpoint(d, "INSERT INTO log_checkpoint(size, root, note) VALUES (?, ?, ?)") {}

  Statement begin, begin_reading, commit, mark, release_mark, rollback_to_mark;
  Statement list_borrowers, find_borrower, find_borrower_name, find_plans, find_events, find_account,
      find_account_of, find_account_name, list_accounts, find_submitted, find_linked, find_attempt,
      list_attempts, list_pauses, scan_plans, scan_plans_of, find_request, read_counters;
  Statement list_entries, list_entries_of_tenant, list_entries_of_borrower, find_head, entries_end,
      newest_checkpoint, read_entries, read_tile;
  Statement add_borrower, set_borrower, add_account, set_account, put_submitted, put_event,
      drop_event, add_attempt, set_attempt, add_plan, set_plan, add_link, drop_link, put_pause,
      drop_pause, add_request, add_entry, add_tile, put_head, put_counters, add_checkpoint;
};

class Tables::Log : public audit::EntrySource {
 public:
  explicit Log(Statements& sql) : sql_(sql) {}

  absl::StatusOr<uint64_t> Size() const override {
    Run run(sql_.find_head);
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return Damaged("log_head");
    return static_cast<uint64_t>(run.Number(1));
  }
  absl::StatusOr<std::vector<std::string>> Entries(uint64_t from, uint64_t to) const override {
    std::vector<std::string> entries;
    Run run(sql_.read_entries);
    run.Integer(static_cast<int64_t>(from)).Integer(static_cast<int64_t>(to));
    for (;;) {
      FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
      if (!found) break;
      if (run.Number(0) != static_cast<int64_t>(from + entries.size())) break;
      entries.emplace_back(run.Bytes(1));
    }
    if (entries.size() != to - from) {
      return DataLoss("store: entry " + std::to_string(from + entries.size()) +
                      " of the log is missing; make no contact and compare with the export");
    }
    return entries;
  }
  absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const override {
    Run run(sql_.read_tile);
    run.Integer(level).Integer(static_cast<int64_t>(n));
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return NotFound("store: no such hash tile");
    return std::string(run.Bytes(0));
  }

 private:
  Statements& sql_;
};

namespace {
// Where the one personal column of a borrower stands. `row` outlives the answer.
vault::CellPlace PersonalCell(const std::string& row) { return {"borrower", row, "personal"}; }
}  // namespace

Tables::Tables(Database& database, vault::KeyRing& keys)
    : database_(database),
      keys_(keys),
      sql_(std::make_unique<Statements>(database)),
      log_(std::make_unique<Log>(*sql_)) {}

Tables::~Tables() = default;

const audit::EntrySource& Tables::log() const { return *log_; }

// --- Transactions ---

absl::Status Tables::Begin() { return sql_->begin.Execute(); }
absl::Status Tables::BeginReading() { return sql_->begin_reading.Execute(); }
absl::Status Tables::Commit() { return sql_->commit.Execute(); }
absl::Status Tables::Mark() { return sql_->mark.Execute(); }
absl::Status Tables::ReleaseMark() { return sql_->release_mark.Execute(); }
absl::Status Tables::RollbackToMark() {
  FORBEAR_RETURN_IF_ERROR(sql_->rollback_to_mark.Execute());
  return sql_->release_mark.Execute();
}
void Tables::Rollback() {
  // SQLite has rolled back by itself after some errors; then there is nothing left to do.
  if (!database_.InTransaction()) return;
  const absl::Status status = database_.Execute("ROLLBACK");
  FORBEAR_CHECK(status.ok() || !database_.InTransaction());
}

// --- Reading ---

absl::StatusOr<std::vector<BorrowerId>> Tables::BorrowerIds() {
  std::vector<BorrowerId> ids;
  Run run(sql_->list_borrowers);
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return ids;
    BorrowerId& id = ids.emplace_back();
    FORBEAR_RETURN_IF_ERROR(ReadId("borrower", run.Bytes(0), &id));
  }
}

absl::StatusOr<std::shared_ptr<const BorrowerFile>> Tables::FindFile(Tenant tenant,
                                                                     const BorrowerId& id) {
  auto file = std::make_shared<BorrowerFile>();
  Borrower& borrower = file->borrower;
  {
    Run run(sql_->find_borrower);
    run.Blob(id.Raw());
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found || !tenant.Sees(run.Bytes(0))) return nullptr;
    borrower.id = id;
    borrower.tenant = run.Bytes(0);
    borrower.external_id = run.Bytes(1);
    FORBEAR_ASSIGN_OR_RETURN(const auto key, vault::KeyOf(keys_, id));
    const std::string row = id.Hex();
    FORBEAR_ASSIGN_OR_RETURN(const std::string personal,
                             vault::OpenCell(*key, run.Bytes(3), PersonalCell(row)));
    FORBEAR_RETURN_IF_ERROR(rows::DecodeBorrower(run.Bytes(2), personal, &borrower));
  }
  {
    Run run(sql_->find_plans);
    run.Blob(id.Raw());
    for (;;) {
      FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
      if (!found) break;
      Plan plan;
      FORBEAR_RETURN_IF_ERROR(ReadPlan(run, &plan));
      FORBEAR_ASSIGN_OR_RETURN(std::optional<Account> account,
                               FindAccount(Tenant::Any(), plan.account));
      if (!account.has_value() || account->borrower != id) return Damaged("plan");
      file->accounts.push_back(*std::move(account));
      if (run.Number(6) != 0) file->plans.push_back(plan);
    }
  }
  Run run(sql_->find_events);
  run.Blob(id.Raw());
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) break;
    Event& event = file->events.emplace_back();
    FORBEAR_RETURN_IF_ERROR(ReadId("event", run.Bytes(0), &event.id));
    FORBEAR_RETURN_IF_ERROR(rows::DecodeEvent(run.Bytes(1), &event));
  }
  return file;
}

absl::StatusOr<std::optional<BorrowerId>> Tables::FindBorrower(std::string_view tenant,
                                                               std::string_view external_id) {
  Run run(sql_->find_borrower_name);
  run.Text(tenant).Text(external_id);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  BorrowerId id;
  FORBEAR_RETURN_IF_ERROR(ReadId("borrower", run.Bytes(0), &id));
  return id;
}

absl::StatusOr<std::optional<Account>> Tables::FindAccount(Tenant tenant, const AccountId& id) {
  Run run(tenant.id.has_value() ? sql_->find_account_of : sql_->find_account);
  run.Blob(id.Raw());
  if (tenant.id.has_value()) run.Text(*tenant.id);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  return ReadAccountRow(run);
}

absl::StatusOr<std::optional<AccountId>> Tables::FindAccount(std::string_view tenant,
                                                             std::string_view external_id) {
  Run run(sql_->find_account_name);
  run.Text(tenant).Text(external_id);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  AccountId id;
  FORBEAR_RETURN_IF_ERROR(ReadId("account", run.Bytes(0), &id));
  return id;
}

absl::StatusOr<std::vector<Account>> Tables::ListAccounts(std::string_view tenant,
                                                          const AccountId& after, size_t limit) {
  std::vector<Account> accounts;
  Run run(sql_->list_accounts);
  run.Text(tenant).Blob(after.Raw()).Integer(static_cast<int64_t>(limit));
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return accounts;
    FORBEAR_ASSIGN_OR_RETURN(Account account, ReadAccountRow(run));
    accounts.push_back(std::move(account));
  }
}

absl::StatusOr<std::optional<SubmittedBody>> Tables::FindSubmitted(const AccountId& id) {
  Run run(sql_->find_submitted);
  run.Blob(id.Raw());
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  SubmittedBody submitted;
  FORBEAR_RETURN_IF_ERROR(rows::DecodeSubmitted(run.Bytes(0), &submitted));
  return submitted;
}

absl::Status Tables::FindLinked(std::string_view tenant, const Bytes32& digest,
                                std::set<BorrowerId>* found) {
  Run run(sql_->find_linked);
  run.Text(tenant).Blob(Raw(digest));
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool row, run.Step());
    if (!row) return absl::OkStatus();
    BorrowerId id;
    FORBEAR_RETURN_IF_ERROR(ReadId("link", run.Bytes(0), &id));
    found->insert(id);
  }
}

absl::StatusOr<std::vector<BorrowerId>> Tables::LinkedTo(const Borrower& borrower) {
  std::set<BorrowerId> linked;
  for (const ContactPoint& point : borrower.contact_points) {
    if (point.link_digest == Bytes32{}) continue;
    FORBEAR_RETURN_IF_ERROR(FindLinked(borrower.tenant, point.link_digest, &linked));
  }
  linked.erase(borrower.id);
  return std::vector<BorrowerId>(linked.begin(), linked.end());
}

absl::StatusOr<std::optional<Attempt>> Tables::FindAttempt(const AttemptId& id) {
  Run run(sql_->find_attempt);
  run.Blob(id.Raw());
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  return ReadAttemptRow(run);
}

absl::StatusOr<std::vector<Attempt>> Tables::ListAttempts(std::string_view tenant,
                                                          const BorrowerId& borrower) {
  std::vector<Attempt> attempts;
  Run run(sql_->list_attempts);
  run.Blob(borrower.Raw()).Text(tenant);
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return attempts;
    FORBEAR_ASSIGN_OR_RETURN(Attempt attempt, ReadAttemptRow(run));
    attempts.push_back(std::move(attempt));
  }
}

absl::StatusOr<std::vector<Pause>> Tables::ListPauses() {
  std::vector<Pause> pauses;
  Run run(sql_->list_pauses);
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return pauses;
    Pause& pause = pauses.emplace_back();
    pause.scope.tenant = run.Bytes(0);
    pause.scope.jurisdiction = run.Bytes(1);
    if (!run.Bytes(2).empty()) {
      pause.scope.channel = ParseWord<Channel>(run.Bytes(2));
      if (!pause.scope.channel.has_value()) return Damaged("pause");
    }
    FORBEAR_RETURN_IF_ERROR(rows::DecodePause(run.Bytes(3), &pause));
  }
}

absl::Status Tables::ScanPlans(Tenant tenant, const std::function<void(const Plan&)>& visit) {
  Run run(tenant.id.has_value() ? sql_->scan_plans_of : sql_->scan_plans);
  if (tenant.id.has_value()) run.Text(*tenant.id);
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return absl::OkStatus();
    Plan plan;
    FORBEAR_RETURN_IF_ERROR(ReadPlan(run, &plan));
    visit(plan);
  }
}

absl::StatusOr<std::optional<StoredRequest>> Tables::FindRequest(const Caller& caller,
                                                                 const RequestStamp& stamp) {
  Run run(sql_->find_request);
  run.Text(caller.tenant).Text(caller.id).Text(stamp.method).Text(stamp.request_id);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  StoredRequest request;
  FORBEAR_RETURN_IF_ERROR(ReadHash("request", run.Bytes(0), &request.body_digest));
  FORBEAR_RETURN_IF_ERROR(rows::DecodeResult(run.Bytes(1), &request.result));
  return request;
}

absl::StatusOr<Counters> Tables::ReadCounters() {
  Run run(sql_->read_counters);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return Damaged("tally");
  Counters counters;
  counters.borrowers = static_cast<uint64_t>(run.Number(0));
  counters.accounts = static_cast<uint64_t>(run.Number(1));
  const std::string_view open = run.Bytes(2);
  if (open.size() % 16 != 0) return Damaged("tally");
  for (size_t i = 0; i < open.size(); i += 16) {
    counters.open_attempts.push_back(AttemptId::Raw16(open.substr(i, 16)));
  }
  return counters;
}

absl::StatusOr<EntryPage> Tables::ScanEntries(const EntryQuery& query) {
  FORBEAR_ASSIGN_OR_RETURN(const uint64_t size, EntriesEnd());
  FORBEAR_ASSIGN_OR_RETURN(
      const audit::EntryRange range,
      audit::RangeOf(query, size, [&](uint64_t seq) -> absl::StatusOr<std::string> {
        FORBEAR_ASSIGN_OR_RETURN(std::vector<std::string> one, log().Entries(seq, seq + 1));
        return std::move(one.front());
      }));
  // Without a borrower or tenant to narrow by, entries are read in their order. Rows come one by
  // one as they are asked for, so a scan that stops early has read no more than it looked at.
  Run run(query.borrower.has_value() ? sql_->list_entries_of_borrower
          : query.tenant.has_value() ? sql_->list_entries_of_tenant
                                     : sql_->list_entries);
  run.Integer(static_cast<int64_t>(range.first)).Integer(static_cast<int64_t>(range.end));
  if (query.borrower.has_value()) {
    run.Blob(query.borrower->Raw());
    if (query.tenant.has_value()) {
      run.Text(*query.tenant);
    } else {
      run.Null();
    }
  } else if (query.tenant.has_value()) {
    run.Text(*query.tenant);
  }
  EntryPage page;
  for (size_t scanned = 0;; ++scanned) {
    FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
    if (!found) return page;
    const auto seq = static_cast<uint64_t>(run.Number(0));
    if (page.entries.size() == query.limit || scanned == query.scan_limit) {
      page.next_seq = seq;
      return page;
    }
    if (!audit::MatchesKind(query, run.Bytes(3))) continue;
    if (audit::AsksForContent(query)) {
      const absl::StatusOr<cj1::Value> entry = cj1::Parse(run.Bytes(2));
      if (!entry.ok()) return Damaged("log_entry");
      if (!audit::Matches(query, *entry)) continue;
    }
    StoredEntry& entry = page.entries.emplace_back();
    entry.seq = seq;
    FORBEAR_RETURN_IF_ERROR(ReadHash("log_entry", run.Bytes(1), &entry.leaf_hash));
    entry.bytes = run.Bytes(2);
  }
}

absl::StatusOr<std::optional<audit::LogHead>> Tables::FindHead() {
  Run run(sql_->find_head);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  audit::LogHead head;
  head.origin = run.Bytes(0);
  head.size = static_cast<uint64_t>(run.Number(1));
  FORBEAR_RETURN_IF_ERROR(ReadHash("log_head", run.Bytes(2), &head.root));
  const std::string_view peaks = run.Bytes(3);
  if (peaks.size() % audit::kHashBytes != 0) return Damaged("log_head");
  for (size_t i = 0; i < peaks.size() / audit::kHashBytes; ++i) {
    head.peaks.push_back(audit::TileHash(peaks, i));
  }
  head.last_time = ToInstant(run.Number(4));
  FORBEAR_RETURN_IF_ERROR(rows::DecodeCounts(run.Bytes(5), &head.tseq));
  return head;
}

absl::StatusOr<uint64_t> Tables::EntriesEnd() {
  Run run(sql_->entries_end);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found || run.IsNull(0)) return 0;
  return static_cast<uint64_t>(run.Number(0)) + 1;
}

absl::StatusOr<std::optional<CheckpointNote>> Tables::FindNewestCheckpoint() {
  Run run(sql_->newest_checkpoint);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  if (!found) return std::nullopt;
  CheckpointNote checkpoint;
  checkpoint.size = static_cast<uint64_t>(run.Number(0));
  FORBEAR_RETURN_IF_ERROR(ReadHash("log_checkpoint", run.Bytes(1), &checkpoint.root));
  checkpoint.note = run.Bytes(2);
  return checkpoint;
}

// --- Writing ---

std::string Tables::SealPersonal(const Borrower& row, const vault::DataKey& key) {
  const std::string id = row.id.Hex();
  return vault::SealCell(key, rows::EncodeBorrowerPersonal(row), PersonalCell(id), keys_.NewNonce());
}

absl::StatusOr<bool> Tables::AddBorrower(const Borrower& row) {
  const std::string body = rows::EncodeBorrowerBody(row);
  FORBEAR_ASSIGN_OR_RETURN(const auto key, vault::KeyOf(keys_, row.id));
  const std::string personal = SealPersonal(row, *key);
  Run run(sql_->add_borrower);
  run.Blob(row.id.Raw()).Text(row.tenant).Text(row.external_id).Blob(body).Blob(personal);
  FORBEAR_RETURN_IF_ERROR(run.Finish());
  return database_.Changes() == 1;
}

absl::Status Tables::SetBorrower(const Borrower& row) {
  const std::string body = rows::EncodeBorrowerBody(row);
  FORBEAR_ASSIGN_OR_RETURN(const auto key, vault::KeyOf(keys_, row.id));
  const std::string personal = SealPersonal(row, *key);
  Run run(sql_->set_borrower);
  run.Blob(body).Blob(personal).Blob(row.id.Raw()).Text(row.tenant).Text(row.external_id);
  FORBEAR_RETURN_IF_ERROR(run.Finish());
  if (database_.Changes() == 1) return absl::OkStatus();
  return Internal("row of `borrower`: its tenant or external id changed; this is a fault of ours");
}

absl::StatusOr<bool> Tables::AddAccount(const Account& row) {
  const std::string body = rows::EncodeAccount(row);
  Run run(sql_->add_account);
  run.Blob(row.id.Raw()).Text(row.tenant).Text(row.external_id).Blob(row.borrower.Raw());
  run.Text(StateName(row.state)).Blob(body);
  FORBEAR_RETURN_IF_ERROR(run.Finish());
  return database_.Changes() == 1;
}

absl::Status Tables::SetAccount(const Account& row) {
  const std::string body = rows::EncodeAccount(row);
  Run run(sql_->set_account);
  run.Text(StateName(row.state)).Blob(body).Blob(row.id.Raw()).Text(row.tenant);
  run.Text(row.external_id).Blob(row.borrower.Raw());
  FORBEAR_RETURN_IF_ERROR(run.Finish());
  if (database_.Changes() == 1) return absl::OkStatus();
  return Internal(
      "row of `account`: its tenant, borrower or external id changed; this is a fault of ours");
}

absl::Status Tables::PutSubmitted(const AccountId& id, const SubmittedBody& row) {
  const std::string body = rows::EncodeSubmitted(row);
  Run run(sql_->put_submitted);
  run.Blob(id.Raw()).Blob(body);
  return run.Finish();
}

absl::Status Tables::PutEvent(const BorrowerId& borrower, const Event& row) {
  const std::string body = rows::EncodeEvent(row);
  Run run(sql_->put_event);
  run.Blob(borrower.Raw()).Blob(row.id.Raw()).Integer(Count(row.at)).Blob(body);
  return run.Finish();
}

absl::Status Tables::DropEvent(const BorrowerId& borrower, const EventId& id) {
  Run run(sql_->drop_event);
  run.Blob(borrower.Raw()).Blob(id.Raw());
  return run.Finish();
}

absl::Status Tables::PutAttempt(const Attempt& row) {
  const std::string body = rows::EncodeAttempt(row);
  if (MayFollow(std::nullopt, row.state)) {
    Run run(sql_->add_attempt);
    run.Blob(row.id.Raw()).Text(row.tenant).Blob(row.borrower.Raw()).Text(ToWord(row.state));
    run.Blob(body);
    FORBEAR_RETURN_IF_ERROR(run.Finish());
    if (database_.Changes() == 1) return absl::OkStatus();
  }
  // L2: the state it comes from is part of the statement; at most two others lead to any state.
  std::vector<std::string_view> from;
  for (size_t i = 0; i < AllWords<AttemptState>().size(); ++i) {
    const auto before = static_cast<AttemptState>(i);
    if (before != row.state && MayFollow(before, row.state)) from.push_back(ToWord(before));
  }
  FORBEAR_CHECK(from.size() <= 2);
  from.resize(2, ToWord(row.state));
  Run run(sql_->set_attempt);
  run.Text(ToWord(row.state)).Blob(body).Blob(row.id.Raw()).Text(row.tenant);
  run.Blob(row.borrower.Raw()).Text(from[0]).Text(from[1]);
  FORBEAR_RETURN_IF_ERROR(run.Finish());
  if (database_.Changes() != 1) {
    return Internal("row of `attempt`: its state does not follow from the one before");
  }
  return absl::OkStatus();
}

absl::Status Tables::AddPlan(const Account& account, const Plan* plan) {
  Run run(sql_->add_plan);
  run.Blob(account.borrower.Raw()).Blob(account.id.Raw()).Text(account.tenant);
  run.Integer(plan != nullptr ? 1 : 0);
  BindInstant(run, plan != nullptr ? plan->wake_at : std::nullopt);
  run.Integer(plan != nullptr ? plan->step : 0);
  BindInstant(run, plan != nullptr ? plan->last_sent_at : std::nullopt);
  run.Integer(plan != nullptr ? static_cast<int64_t>(plan->last_answer) : 0);
  return run.Finish();
}

absl::Status Tables::PutPlan(const Plan& row) {
  Run run(sql_->set_plan);
  BindInstant(run, row.wake_at);
  run.Integer(row.step);
  BindInstant(run, row.last_sent_at);
  run.Integer(static_cast<int64_t>(row.last_answer));
  run.Blob(row.borrower.Raw()).Blob(row.account.Raw());
  FORBEAR_RETURN_IF_ERROR(run.Finish());
  if (database_.Changes() != 1) {
    return Internal("row of `plan`: there is no such account of that borrower");
  }
  return absl::OkStatus();
}

absl::Status Tables::AddLink(std::string_view tenant, const Bytes32& digest, const BorrowerId& id) {
  Run run(sql_->add_link);
  run.Text(tenant).Blob(Raw(digest)).Blob(id.Raw());
  return run.Finish();
}

absl::Status Tables::DropLink(std::string_view tenant, const Bytes32& digest,
                              const BorrowerId& id) {
  Run run(sql_->drop_link);
  run.Text(tenant).Blob(Raw(digest)).Blob(id.Raw());
  return run.Finish();
}

absl::Status Tables::PutPause(const Pause& row) {
  const std::string body = rows::EncodePause(row);
  Run run(sql_->put_pause);
  run.Text(row.scope.tenant).Text(row.scope.jurisdiction).Text(ChannelName(row.scope)).Blob(body);
  return run.Finish();
}

absl::Status Tables::DropPause(const PauseScope& scope) {
  Run run(sql_->drop_pause);
  run.Text(scope.tenant).Text(scope.jurisdiction).Text(ChannelName(scope));
  return run.Finish();
}

absl::Status Tables::AddRequest(const Caller& caller, const RequestStamp& stamp,
                                const CommandResult& result) {
  const std::string bytes = rows::EncodeResult(result);
  Run run(sql_->add_request);
  run.Text(caller.tenant).Text(caller.id).Text(stamp.method).Text(stamp.request_id);
  run.Blob(Raw(stamp.body_digest)).Blob(bytes);
  return run.Finish();
}

absl::Status Tables::AddEntry(const audit::EntryDraft& draft, const audit::EncodedEntry& entry) {
  Run run(sql_->add_entry);
  run.Integer(static_cast<int64_t>(entry.seq)).Blob(draft.id.Raw());
  if (entry.tseq.has_value()) {
    run.Text(draft.tenant).Integer(static_cast<int64_t>(*entry.tseq));
  } else {
    run.Null().Null();
  }
  if (draft.borrower.has_value()) {
    run.Blob(draft.borrower->Raw());
  } else {
    run.Null();
  }
  run.Text(draft.kind).Blob(Raw(entry.leaf_hash)).Blob(entry.bytes);
  return run.Finish();
}

absl::Status Tables::AddTile(const audit::FullTile& tile) {
  Run run(sql_->add_tile);
  run.Integer(tile.level).Integer(static_cast<int64_t>(tile.n)).Blob(tile.bytes);
  return run.Finish();
}

absl::Status Tables::PutHead(const audit::LogHead& head) {
  std::string peaks;
  for (const Bytes32& peak : head.peaks) peaks += Raw(peak);
  const std::string counts = rows::EncodeCounts(head.tseq);
  Run run(sql_->put_head);
  run.Text(head.origin).Integer(static_cast<int64_t>(head.size)).Blob(Raw(head.root));
  run.Blob(peaks).Integer(Count(head.last_time)).Blob(counts);
  return run.Finish();
}

absl::Status Tables::PutCounters(const Counters& counters) {
  std::string open;
  for (const AttemptId& id : counters.open_attempts) open += id.Raw();
  Run run(sql_->put_counters);
  run.Integer(static_cast<int64_t>(counters.borrowers));
  run.Integer(static_cast<int64_t>(counters.accounts)).Blob(open);
  return run.Finish();
}

absl::Status Tables::AddCheckpoint(const CheckpointNote& checkpoint) {
  Run run(sql_->add_checkpoint);
  run.Integer(static_cast<int64_t>(checkpoint.size)).Blob(Raw(checkpoint.root));
  run.Blob(checkpoint.note);
  return run.Finish();
}

}  // namespace forbear::sqlite
