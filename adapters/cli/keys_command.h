// `forbear keys generate --origin NAME --out DIR`.
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

// Makes log.key, index.key and log.vkey (adapters/logexport/key_files.h); refuses to overwrite any.
int RunKeysGenerate(const std::string& origin, const std::string& folder, bool json,
                    std::ostream& out, std::ostream& err);

// Adds the command to `app`; what it exits with goes to *exit_code.
void AddKeysCommand(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
