// The `forbear` program. Every subcommand is a thin caller; this file only gathers them.
#include <CLI/CLI.hpp>
#include <iostream>

#include "adapters/cli/audit_commands.h"
#include "adapters/cli/decide_command.h"
#include "adapters/cli/keys_command.h"
#include "adapters/cli/policy_commands.h"
#include "adapters/cli/replay_command.h"
#include "adapters/cli/serve_command.h"
#include "adapters/cli/version_command.h"

int main(int argc, char** argv) {
  CLI::App app{"Forbear decides whether, when and how a borrower may be contacted, and proves it."};
  app.name("forbear");
  app.require_subcommand(1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "forbear: " + std::string(error.what()) + "; try `forbear --help`\n";
  });
  int exit_code = forbear::cli::kOk;
  forbear::cli::AddServeCommand(app, &exit_code);
  forbear::cli::AddDecideCommand(app, &exit_code);
  forbear::cli::AddPolicyCommands(app, &exit_code);
  forbear::cli::AddConformanceCommand(app, &exit_code);
  forbear::cli::AddReplayCommand(forbear::cli::AddAuditCommands(app, &exit_code), &exit_code);
  forbear::cli::AddKeysCommand(app, &exit_code);
  forbear::cli::AddVersionCommand(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 says 0 for --help; whatever else it objects to is wrong use.
    return app.exit(error) == 0 ? forbear::cli::kOk : forbear::cli::kWrongUse;
  }
  return exit_code;
}
