#include "adapters/cli/keys_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "adapters/cli/exit_codes.h"
#include "adapters/clock/clocks.h"
#include "adapters/keys/kek_files.h"
#include "adapters/logexport/key_files.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

absl::Status MakeFirstKek(const std::string& folder) {
  SystemRandomness randomness;
  const SystemClock clock;
  FORBEAR_ASSIGN_OR_RETURN(
      const std::unique_ptr<keys::KekFiles> keks,
      keys::KekFiles::Open(folder + "/" + logexport::kKekFolder, randomness, clock));
  return keks->MakeNext().status();
}

}  // namespace

int RunKeysGenerate(const std::string& origin, const std::string& folder, bool json,
                    std::ostream& out, std::ostream& err) {
  const auto key = logexport::GenerateKeys(origin, folder);
  if (key.ok()) {
    if (const absl::Status made = MakeFirstKek(folder); !made.ok()) {
      err << "forbear: keys generate: " << made.message() << "\n";
      return kFailed;
    }
  }
  if (!key.ok()) {
    err << "forbear: keys generate: " << key.status().message() << "\n";
    return absl::IsInvalidArgument(key.status()) ? kWrongUse : kFailed;
  }
  if (json) {
    out << nlohmann::json{{"origin", key->name}, {"verifier_key", key->Line()}, {"folder", folder}}
        << "\n";
    return kOk;
  }
  out << "Keys of " << key->name << " are in " << folder << ":\n"
      << "  log.key    signs the log; keep a copy apart from every backup of the data\n"
      << "  index.key  finds people by number or address; keep it likewise\n"
      << "  kek/       wraps the keys of borrowers; never in one place with a backup of the data\n"
      << "  log.vkey   for auditors:\n"
      << key->Line() << "\n";
  return kOk;
}

void AddKeysCommand(CLI::App& app, int* exit_code) {
  CLI::App* group = app.add_subcommand("keys", "make the keys of a deployment");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand(
      "generate", "make the log's signing key, its verifier key and the index key");
  auto origin = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  command
      ->add_option("--origin", *origin,
                   "the log's name for ever: an address without scheme, as in audit.example/log")
      ->required();
  command->add_option("--out", *folder, "the folder to make them in; made when missing")
      ->required();
  command->add_option("--format", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([=] {
    *exit_code = RunKeysGenerate(*origin, *folder, *format == "json", std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
