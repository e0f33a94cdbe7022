#include "adapters/cli/version_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "adapters/zones/zones.h"

namespace forbear::cli {

void AddVersionCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("version", "what this build is and what it understands");
  auto format = std::make_shared<std::string>("text");
  command->add_option("--format", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([format, exit_code] {
    const auto zones = LoadZones();
    const std::string tzdata = zones.ok() ? (*zones)->version() : "none";
    if (*format == "json") {
      nlohmann::json document;
      document["version"] = kVersion;
      document["contract"] = "forbear.v1";
      document["log_format"] = 1;
      document["tzdata"] = tzdata;
      document["compiler"] = __VERSION__;
      std::cout << document.dump(2) << "\n";
    } else {
      std::cout << "forbear " << kVersion << "\ncontract forbear.v1\nlog format 1\nzone data "
                << tzdata << "\nbuilt with gcc " << __VERSION__ << "\n";
    }
    *exit_code = 0;
  });
}

}  // namespace forbear::cli
