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
#include "engine/audit/proof_text.h"
#include "engine/audit/verify.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

constexpr size_t kKindsShown = 6;  // the commonest; the rest only count
// Longest an entry can be in any format. More of a file is not read: it is no entry.
constexpr size_t kMostEntryFile = audit::kMaxBundledBytes;

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

// One entry, its proof and the checkpoint it is under.
struct Proved {
  audit::ProofText text;
  std::string entry;
};

absl::Status NotSigned(uint64_t seq, uint64_t size, std::string_view what_to_do) {
  return FailedPrecondition(absl::StrCat("entry ", seq,
                                         " is not under a checkpoint yet: the newest ",
                                         "covers the first ", size, "; ", ToAbsl(what_to_do)));
}

// The checkpoint of a note: signed by `key`, or only read when there is none.
absl::StatusOr<audit::Checkpoint> ReadNote(const std::string& note,
                                           const std::optional<audit::VerifierKey>& key) {
  return key.has_value() ? audit::OpenCheckpoint(note, *key) : audit::PeekCheckpoint(note);
}

absl::StatusOr<Proved> ProveInFolder(const std::string& folder, uint64_t seq,
                                     const std::optional<audit::VerifierKey>& key) {
  const logexport::FolderSource files(folder);
  auto note = files.Read("checkpoint");
  if (absl::IsNotFound(note.status())) {
    return NotFound("export `" + folder + "`: no checkpoint in it; give the folder with `tile/`");
  }
  if (!note.ok()) return note.status();
  FORBEAR_ASSIGN_OR_RETURN(const audit::Checkpoint checkpoint, ReadNote(*note, key));
  const uint64_t size = checkpoint.head.size;
  if (seq >= size) {
    return NotSigned(seq, size, "try again with an export made after a later checkpoint");
  }
  audit::ExportedTiles tiles(files, size);
  Proved proved{{seq, {}, *std::move(note)}, {}};
  FORBEAR_ASSIGN_OR_RETURN(proved.text.hashes, audit::InclusionProof(seq, size, tiles));
  FORBEAR_ASSIGN_OR_RETURN(proved.entry, audit::ExportedEntry(files, seq, size));
  FORBEAR_RETURN_IF_ERROR(audit::CheckUnder(proved.text, proved.entry, checkpoint));
  return proved;
}

absl::StatusOr<Proved> ProveInData(const std::string& data, uint64_t seq,
                                   const std::optional<audit::VerifierKey>& key) {
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<sqlite::LogReader> reader,
                           sqlite::LogReader::Open(data));
  FORBEAR_ASSIGN_OR_RETURN(const uint64_t entries, reader->Size());
  if (seq >= entries) {
    return NotFound(absl::StrCat("entry ", seq, ": the log has ", entries, " entries, from 0"));
  }
  absl::StatusOr<std::string> note = reader->NewestNote();
  if (absl::IsNotFound(note.status())) {
    return NotSigned(seq, 0, "start `forbear serve`, which signs one within a second");
  }
  if (!note.ok()) return note.status();
  Proved proved{{seq, {}, *std::move(note)}, {}};
  FORBEAR_ASSIGN_OR_RETURN(const audit::Checkpoint checkpoint,
                           ReadNote(proved.text.checkpoint, key));
  const uint64_t size = checkpoint.head.size;
  if (seq >= size) {
    return NotSigned(seq, size,
                     "while `forbear serve` runs it signs one within a second: try again then");
  }
  FORBEAR_ASSIGN_OR_RETURN(audit::StoredTiles tiles, audit::StoredTiles::Make(*reader, size));
  FORBEAR_ASSIGN_OR_RETURN(proved.text.hashes, audit::InclusionProof(seq, size, tiles));
  FORBEAR_ASSIGN_OR_RETURN(std::vector<std::string> one, reader->Entries(seq, seq + 1));
  proved.entry = std::move(one.front());
  FORBEAR_RETURN_IF_ERROR(audit::CheckUnder(proved.text, proved.entry, checkpoint));
  return proved;
}

// A file that may be there already: what is written is the same as far as the log is.
absl::Status WriteOut(const std::string& path, std::string_view bytes) {
  return logexport::ReplaceFile(path, bytes, logexport::kPrivateFile);
}

absl::StatusOr<std::string> ReadEntryBytes(const std::string& path, std::istream& in) {
  if (path != "-") return logexport::ReadFile(path, kMostEntryFile);
  std::string bytes(kMostEntryFile + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(in.gcount()));
  if (bytes.size() > kMostEntryFile) {
    return InvalidArgument("standard input: longer than any entry; give the bytes of one entry");
  }
  return bytes;
}

absl::StatusOr<audit::Checkpoint> CheckProof(const AuditProofCall& call,
                                             const audit::VerifierKey& key, std::istream& in,
                                             uint64_t* index) {
  FORBEAR_ASSIGN_OR_RETURN(const std::string text,
                           logexport::ReadFile(call.check, audit::kMaxProofTextBytes));
  FORBEAR_ASSIGN_OR_RETURN(const std::string entry, ReadEntryBytes(call.entry_bytes, in));
  FORBEAR_ASSIGN_OR_RETURN(const audit::ProofText proof, audit::ParseProofText(text));
  *index = proof.index;
  auto checkpoint = audit::CheckProofText(proof, entry, key);
  if (audit::ConditionOf(checkpoint.status()) == "P1" && entry.ends_with('\n')) {
    return absl::DataLossError(
        absl::StrCat(checkpoint.status().message(),
                     "; the bytes end in a newline, which no entry does: leave it away"));
  }
  return checkpoint;
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
  const absl::StatusOr<std::string> newest = (*reader)->NewestNote();
  if (absl::IsNotFound(newest.status())) {
    err << "forbear: audit export: `" << data
        << "` has no signed checkpoint yet; start `forbear serve` once\n";
    return kFailed;
  }
  if (!newest.ok()) return fail(newest.status());
  auto exporter = logexport::Exporter::Open(folder, logexport::Existing::kCompareAll);
  if (!exporter.ok()) return fail(exporter.status());
  const absl::Status exported = exporter->Export(**reader, *newest);
  if (!exported.ok()) return fail(exported);
  if (json) {
    out << nlohmann::json{{"exported", exporter->exported()}, {"folder", folder}} << "\n";
  } else {
    out << exporter->exported() << " entries are in " << folder << "\n";
  }
  return kOk;
}

int RunAuditProof(const AuditProofCall& call, std::istream& in, std::ostream& out,
                  std::ostream& err) {
  const auto fail = [&](const absl::Status& status) {
    err << "forbear: audit proof: " << status.message() << "\n";
    return absl::IsNotFound(status) || absl::IsInvalidArgument(status) ? kWrongUse : kFailed;
  };
  if (call.entry.has_value() == !call.check.empty()) {
    return fail(InvalidArgument("nothing or two things to do; give --entry N or --check FILE"));
  }
  std::optional<audit::VerifierKey> key;
  if (!call.key.empty()) {
    auto read = logexport::ReadVerifierKey(call.key);
    if (!read.ok()) return fail(read.status());
    key = *std::move(read);
  }
  if (!call.check.empty()) {
    if (!key.has_value() || call.entry_bytes.empty()) {
      return fail(InvalidArgument(
          "a proof is checked with the log's key and the entry's bytes; give --key VKEY and "
          "--entry-bytes FILE, or - for standard input"));
    }
    uint64_t index = 0;
    const auto checkpoint = CheckProof(call, *key, in, &index);
    if (!checkpoint.ok()) return fail(checkpoint.status());
    out << "entry " << index << " of " << checkpoint->origin << " is under its checkpoint of "
        << checkpoint->head.size << " entries\nproved\n";
    return kOk;
  }
  const std::string data = call.data.empty() ? "." : call.data;
  const auto proved = call.from.empty() ? ProveInData(data, *call.entry, key)
                                        : ProveInFolder(call.from, *call.entry, key);
  if (!proved.ok()) return fail(proved.status());
  const std::string text = audit::EncodeProofText(proved->text);
  if (!call.entry_out.empty()) {
    const absl::Status written = WriteOut(call.entry_out, proved->entry);
    if (!written.ok()) return fail(written);
  }
  if (call.out.empty()) {
    out << text;
    return kOk;
  }
  const absl::Status written = WriteOut(call.out, text);
  if (!written.ok()) return fail(written);
  out << "the proof of entry " << *call.entry << " is in " << call.out << "\n";
  return kOk;
}

CLI::App& AddAuditCommands(CLI::App& app, int* exit_code) {
  CLI::App* group =
      app.add_subcommand("audit", "export the audit log, verify it offline, prove one entry");
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

  CLI::App* proof = group->add_subcommand(
      "proof", "write the proof that one entry is in the log, or check one offline");
  auto proving = std::make_shared<AuditProofCall>();
  CLI::Option* entry = proof->add_option("--entry", proving->entry, "the entry's number, from 0")
                           ->check(CLI::NonNegativeNumber);
  CLI::Option* exported =
      proof->add_option("--from", proving->from, "a folder with an exported log");
  proof->add_option("--data", proving->data, "the data directory of a store; the default is here")
      ->excludes(exported);
  proof->add_option("--key", proving->key,
                    "log.vkey, or the one line in it: the signature is verified too");
  proof->add_option("--out", proving->out, "a file for the proof; the default is standard output");
  proof->add_option("--entry-out", proving->entry_out, "a file for the entry's bytes");
  CLI::Option* check =
      proof->add_option("--check", proving->check, "a file with a proof to check")->excludes(entry);
  proof
      ->add_option("--entry-bytes", proving->entry_bytes,
                   "the entry's bytes, exactly; - for standard input")
      ->needs(check);
  proof->callback([=] { *exit_code = RunAuditProof(*proving, std::cin, std::cout, std::cerr); });
  return *group;
}

}  // namespace forbear::cli
