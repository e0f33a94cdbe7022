// `forbear version`: what this build is and what it understands.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

inline constexpr char kVersion[] = "0.1.0";

void AddVersionCommand(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
