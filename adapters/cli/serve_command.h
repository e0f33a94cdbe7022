// `forbear serve`: the service. Here it is chosen which adapter stands behind which port.
#pragma once

#include "adapters/cli/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

// Runs until SIGTERM or SIGINT. Prints the ready line on stdout once it can answer.
int RunServe(const Config& config);

void AddServeCommand(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
