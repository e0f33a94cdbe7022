#include "adapters/cli/replay_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "adapters/cli/exit_codes.h"
#include "adapters/clock/clocks.h"
#include "adapters/keys/kek_files.h"
#include "adapters/keys/key_database.h"
#include "adapters/logexport/key_files.h"
#include "adapters/sqlite/log_reader.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"
#include "engine/orchestrator/replay.h"
#include "engine/vault/key_ring.h"

namespace forbear::cli {
namespace {

constexpr uint64_t kEntriesAtATime = 256;  // what a source gives at once

std::string TextOf(const cj1::Value& entry, const char* name) {
  const cj1::Value* member = entry.Find(name);
  return member != nullptr && member->is_string() ? member->AsString() : std::string();
}

// Opens with the borrower's key; nothing when it is gone.
absl::StatusOr<std::optional<cj1::Value>> OpenSeal(vault::KeyRing& ring, const cj1::Value& entry) {
  FORBEAR_ASSIGN_OR_RETURN(const BorrowerId borrower, BorrowerId::Parse(TextOf(entry, "borrower")));
  const auto key = ring.Find(borrower);
  if (absl::IsNotFound(key.status())) return std::optional<cj1::Value>();
  FORBEAR_RETURN_IF_ERROR(key.status());
  const std::string log = TextOf(entry, "log"), id = TextOf(entry, "id"), kind = TextOf(entry, "kind");
  FORBEAR_ASSIGN_OR_RETURN(cj1::Value facts,
                           vault::OpenEntry(**key, *entry.Find("seal"), {log, id, kind}));
  return std::optional<cj1::Value>(std::move(facts));
}

absl::StatusOr<ReplayReport> Replay(const ReplayCall& call) {
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<sqlite::LogReader> reader,
                           sqlite::LogReader::Open(call.data));
  FORBEAR_ASSIGN_OR_RETURN(const yaml::LoadedPolicies policies,
                           yaml::LoadPolicies(call.policies, true));
  FORBEAR_ASSIGN_OR_RETURN(const auto zones, LoadZones());
  // Opening would make what is not there, and a key that is not there looks like one destroyed.
  const std::string key_file = call.data + "/" + keys::kKeyDatabaseFile;
  const std::string kek_folder = call.keys + "/" + logexport::kKekFolder;
  for (const std::string& needed : {key_file, kek_folder}) {
    std::error_code error;
    if (!std::filesystem::exists(needed, error)) {
      return NotFound("`" + needed + "`: not there; give the keys and the key store of this data");
    }
  }
  SystemRandomness randomness;
  SystemClock clock;
  FORBEAR_ASSIGN_OR_RETURN(
      const std::unique_ptr<keys::KekFiles> keks,
      keys::KekFiles::Open(kek_folder, randomness, clock));
  FORBEAR_ASSIGN_OR_RETURN(
      const std::unique_ptr<keys::KeyDatabase> key_store,
      keys::KeyDatabase::Open(key_file));
  vault::KeyRing ring(*keks, *key_store, randomness, clock);
  Replayer replayer({policies.bundle, zones, policies.places},
                    [&](const cj1::Value& entry) { return OpenSeal(ring, entry); });
  FORBEAR_ASSIGN_OR_RETURN(const uint64_t size, reader->Size());
  for (uint64_t from = 0; from < size; from += kEntriesAtATime) {
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                             reader->Entries(from, std::min(size, from + kEntriesAtATime)));
    for (const std::string& bytes : entries) {
      FORBEAR_ASSIGN_OR_RETURN(const cj1::Value entry, cj1::Parse(bytes));
      FORBEAR_RETURN_IF_ERROR(replayer.Take(entry));
    }
  }
  return replayer.report();
}

uint64_t Sum(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

void Print(const ReplayReport& report, std::ostream& out) {
  out << "entries   " << report.entries << "\n"
      << "decisions " << report.decisions << "\n"
      << "same      " << report.same << "\n";
  if (report.erased > 0) {
    out << "erased    " << report.erased << " about borrowers whose data was destroyed\n";
  }
  for (const auto& [digest, count] : report.other_rules) {
    out << "other     " << count << " under the rules " << digest << "\n";
  }
  for (const auto& [version, count] : report.other_zone_data) {
    out << "other     " << count << " under zone data " << version << "\n";
  }
  for (const ReplayReport::Difference& one : report.differences) {
    out << "differs   entry " << one.seq << ": " << one.what << "\n";
  }
  if (report.differing > report.differences.size()) {
    out << "          and " << report.differing - report.differences.size() << " more\n";
  }
  if (report.keys_missing > 0) {
    out << "missing   the keys of " << report.keys_missing
        << " borrowers whom no entry calls erased\n";
  }
  out << (report.differing > 0 ? "not the same\n"
          : report.keys_missing > 0 || (report.same == 0 && report.decisions > 0)
              ? "not made again\n"
          : report.same == report.decisions
              ? "every decision is the same when made again\n"
              : "every decision that could be made again is the same\n");
}

void PrintJson(const ReplayReport& report, std::ostream& out) {
  nlohmann::json json = {{"entries", report.entries},     {"decisions", report.decisions},
                         {"same", report.same},           {"differing", report.differing},
                         {"erased", report.erased},       {"keys_missing", report.keys_missing},
                         {"other_rules", report.other_rules},
                         {"other_zone_data", report.other_zone_data},
                         {"differences", nlohmann::json::array()}};
  for (const ReplayReport::Difference& one : report.differences) {
    json["differences"].push_back({{"seq", one.seq}, {"what", one.what}});
  }
  out << json << "\n";
}

}  // namespace

int RunAuditReplay(const ReplayCall& call, std::ostream& out, std::ostream& err) {
  const absl::StatusOr<ReplayReport> report = Replay(call);
  if (!report.ok()) {
    err << "forbear: audit replay: " << report.status().message() << "\n";
    return absl::IsInvalidArgument(report.status()) || absl::IsNotFound(report.status()) ? kWrongUse
                                                                                         : kFailed;
  }
  if (call.json) {
    PrintJson(*report, out);
  } else {
    Print(*report, out);
  }
  if (report->decisions > 0 && Sum(report->other_rules) == report->decisions) {
    err << "forbear: audit replay: none of the decisions was made under the rules in `"
        << call.policies << "`; give the policies that the log names\n";
    return kFailed;
  }
  const bool nothing = report->decisions > 0 && report->same == 0;
  return report->differing > 0 || report->keys_missing > 0 || nothing ? kFailed : kOk;
}

void AddReplayCommand(CLI::App& audit, int* exit_code) {
  CLI::App* command = audit.add_subcommand(
      "replay", "make every decision of a log again and compare; needs the deployment's keys");
  auto call = std::make_shared<ReplayCall>();
  auto format = std::make_shared<std::string>("text");
  command
      ->add_option("--data", call->data,
                   "the data directory of a store that has stopped, or a copy of one")
      ->required();
  command->add_option("--keys", call->keys, "the folder with its keys")->required();
  command->add_option("--policies", call->policies, "the rules it ran under")->required();
  command->add_option("--format", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([=] {
    call->json = *format == "json";
    *exit_code = RunAuditReplay(*call, std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
