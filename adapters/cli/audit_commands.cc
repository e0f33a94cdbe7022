#include "adapters/cli/audit_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "adapters/cli/exit_codes.h"
#include "adapters/logexport/durable_file.h"
#include "adapters/logexport/export.h"
#include "adapters/logexport/key_files.h"
#include "adapters/sqlite/log_reader.h"
#include "engine/audit/verify.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

constexpr size_t kKindsShown = 6;  // the commonest; the rest only count

// What a verification found, of an export or of a store.
struct Verified {
  std::string origin;
  audit::TreeHead head;
  uint64_t signed_entries = 0;
  audit::LogFacts facts;
};

absl::StatusOr<std::vector<audit::OlderNote>> ReadOlder(const std::vector<std::string>& files) {
  std::vector<audit::OlderNote> older;
  for (const std::string& file : files) {
    FORBEAR_ASSIGN_OR_RETURN(std::string note, logexport::ReadFile(file, audit::kMaxNoteBytes));
    older.push_back({file, std::move(note)});
  }
  return older;
}

absl::StatusOr<Verified> VerifyFolder(const std::string& folder, const audit::VerifierKey& key,
                                      const std::vector<audit::OlderNote>& older) {
  FORBEAR_ASSIGN_OR_RETURN(audit::VerifiedLog log,
                           audit::VerifyExport(logexport::FolderSource(folder), key, older));
  return Verified{log.checkpoint.origin, log.checkpoint.head, log.checkpoint.head.size,
                  std::move(log.facts)};
}

absl::Status CompareAttempts(const audit::LogFacts& facts,
                             const std::map<Id128, std::string>& table) {
  for (const auto& [id, state] : table) {
    const auto known = facts.attempts.find(id);
    if (known == facts.attempts.end()) {
      return DataLoss("E12: attempt " + id.Hex() + " is in the table and has no entry");
    }
    if (audit::AttemptStepName(known->second) != state) {
      return DataLoss(
          absl::StrCat("E12: attempt ", id.Hex(), " is `", state, "` in the table and `",
                       ToAbsl(audit::AttemptStepName(known->second)), "` by its entries"));
    }
  }
  for (const auto& [id, step] : facts.attempts) {
    if (!table.contains(id)) {
      return DataLoss("E12: attempt " + id.Hex() + " has entries and is not in the table");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Verified> VerifyData(const std::string& data, const audit::VerifierKey& key,
                                    const std::vector<audit::OlderNote>& older) {
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<sqlite::LogReader> reader,
                           sqlite::LogReader::Open(data));
  FORBEAR_ASSIGN_OR_RETURN(audit::VerifiedStore store, audit::VerifyStore(*reader, key, older));
  FORBEAR_ASSIGN_OR_RETURN(const auto table, reader->AttemptStates());
  FORBEAR_RETURN_IF_ERROR(CompareAttempts(store.facts, table));
  return Verified{store.head.origin,
                  {store.head.size, store.head.root},
                  store.newest.has_value() ? store.newest->head.size : 0,
                  std::move(store.facts)};
}

void PrintVerified(const Verified& log, const AuditVerifyCall& call, const audit::VerifierKey& key,
                   std::ostream& out) {
  std::vector<std::pair<std::string, uint64_t>> kinds(log.facts.kinds.begin(),
                                                      log.facts.kinds.end());
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const std::string root = audit::Base64(audit::AsText(log.head.root));
  if (call.json) {
    nlohmann::json json = {{"verified", true},
                           {"origin", log.origin},
                           {"size", log.head.size},
                           {"root", root},
                           {"key", key.name},
                           {"key_id", ToHex({reinterpret_cast<const char*>(key.id.data()), 4})},
                           {"signed", log.signed_entries},
                           {"last_time", log.facts.last_time},
                           {"older_checkpoints", call.since.size()},
                           {"attempts", log.facts.attempts.size()},
                           {"kinds", nlohmann::json::object()}};
    for (const auto& [kind, count] : kinds) json["kinds"][kind] = count;
    out << json << "\n";
    return;
  }
  out << "log      " << log.origin << "\n";
  out << "size     " << log.head.size << " entries";
  if (!log.facts.last_time.empty()) out << ", the newest of " << log.facts.last_time;
  out << "\n";
  if (log.signed_entries < log.head.size) {
    out << "unsigned " << log.head.size - log.signed_entries
        << " entries since the last checkpoint\n";
  }
  out << "root     " << root << "\n";
  out << "key      " << key.name << "\n";
  if (!call.since.empty()) {
    out << "older    " << call.since.size() << " checkpoint" << (call.since.size() == 1 ? "" : "s")
        << " kept from before, all continued\n";
  }
  out << "attempts " << log.facts.attempts.size() << "\n";
  for (size_t i = 0; i < std::min(kinds.size(), kKindsShown); ++i) {
    out << (i == 0 ? "kinds    " : "         ") << kinds[i].first << " " << kinds[i].second << "\n";
  }
  if (kinds.size() > kKindsShown) {
    out << "         and " << kinds.size() - kKindsShown << " more\n";
  }
  out << "verified\n";
}

// Prints what went wrong and answers the exit code: wrong use for what the caller can mend in the
// call, failed for everything that says something of the log or the machine.
int Fail(const char* command, const absl::Status& status, bool json, std::ostream& out,
         std::ostream& err) {
  const std::string_view condition = audit::ConditionOf(status);
  err << "forbear: " << command << ": " << status.message();
  if (!condition.empty()) {
    err << "; make a copy of all of it before anybody writes there, and ask the log's keeper";
  }
  err << "\n";
  if (json) {
    out << nlohmann::json{{"verified", false},
                          {"condition", std::string(condition)},
                          {"finding", std::string(FromAbsl(status.message()))}}
        << "\n";
  }
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kWrongUse : kFailed;
}

}  // namespace

int RunAuditVerify(const AuditVerifyCall& call, std::ostream& out, std::ostream& err) {
  if (call.from.empty() == call.data.empty()) {
    err << "forbear: audit verify: nothing or two things to verify; give --from EXPORT_DIR or "
           "--data DIR\n";
    return kWrongUse;
  }
  const auto key = logexport::ReadVerifierKey(call.key);
  if (!key.ok()) return Fail("audit verify", key.status(), call.json, out, err);
  const auto older = ReadOlder(call.since);
  if (!older.ok()) return Fail("audit verify", older.status(), call.json, out, err);
  std::error_code error;
  const std::string& folder = call.from.empty() ? call.data : call.from;
  if (!std::filesystem::is_directory(folder, error)) {
    return Fail("audit verify", NotFound("folder `" + folder + "`: not there; check the path"),
                call.json, out, err);
  }
  const auto log = call.from.empty() ? VerifyData(call.data, *key, *older)
                                     : VerifyFolder(call.from, *key, *older);
  if (!log.ok()) return Fail("audit verify", log.status(), call.json, out, err);
  PrintVerified(*log, call, *key, out);
  return kOk;
}

int RunAuditExport(const std::string& folder, const std::string& data, bool json, std::ostream& out,
                   std::ostream& err) {
  const auto fail = [&](const absl::Status& status) {
    err << "forbear: audit export: " << status.message() << "\n";
    return absl::IsNotFound(status) || absl::IsInvalidArgument(status) ? kWrongUse : kFailed;
  };
  const auto reader = sqlite::LogReader::Open(data);
  if (!reader.ok()) return fail(reader.status());
  const auto checkpoints = (*reader)->CheckpointRows();
  if (!checkpoints.ok()) return fail(checkpoints.status());
  if (checkpoints->empty()) {
    err << "forbear: audit export: `" << data
        << "` has no signed checkpoint yet; start `forbear serve` once\n";
    return kFailed;
  }
  auto exporter = logexport::Exporter::Open(folder, logexport::Existing::kCompareAll);
  if (!exporter.ok()) return fail(exporter.status());
  const absl::Status exported = exporter->Export(**reader, checkpoints->back().note);
  if (!exported.ok()) return fail(exported);
  if (json) {
    out << nlohmann::json{{"exported", exporter->exported()}, {"folder", folder}} << "\n";
  } else {
    out << exporter->exported() << " entries are in " << folder << "\n";
  }
  return kOk;
}

void AddAuditCommands(CLI::App& app, int* exit_code) {
  CLI::App* group = app.add_subcommand("audit", "export the audit log, and verify it offline");
  group->require_subcommand(1);

  CLI::App* verify = group->add_subcommand(
      "verify", "check an exported log, or a store's, and name the first condition broken");
  auto call = std::make_shared<AuditVerifyCall>();
  auto verify_format = std::make_shared<std::string>("text");
  CLI::Option* from = verify->add_option("--from", call->from, "a folder with an exported log");
  verify->add_option("--data", call->data, "the data directory of a store, or a copy of one")
      ->excludes(from);
  verify->add_option("--key", call->key, "log.vkey, or the one line in it")->required();
  verify->add_option("--since", call->since,
                     "an older checkpoint that was kept; as often as wished");
  verify->add_option("--format", *verify_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verify->callback([=] {
    call->json = *verify_format == "json";
    *exit_code = RunAuditVerify(*call, std::cout, std::cerr);
  });

  CLI::App* write = group->add_subcommand(
      "export", "write the log as files that anybody can check; safe to repeat");
  auto folder = std::make_shared<std::string>();
  auto data = std::make_shared<std::string>(".");
  auto format = std::make_shared<std::string>("text");
  write->add_option("DIR", *folder, "the folder to write to; made when missing")->required();
  write->add_option("--data", *data, "the data directory of the store, running or stopped")
      ->capture_default_str();
  write->add_option("--format", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  write->callback([=] {
    *exit_code = RunAuditExport(*folder, *data, *format == "json", std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
