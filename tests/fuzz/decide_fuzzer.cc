// Lines for `forbear decide`, from a stranger: one answer a line, each of them JSON.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/cli/decide_command.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace {

using namespace forbear;  // NOLINT: a program of one file

struct World {
  yaml::LoadedPolicies loaded = yaml::LoadPolicies(FORBEAR_SOURCE_DIR "/policies", true).value();
  Phones phones{loaded.phone_prefixes};
  cli::DecideWorld decide{{loaded.bundle, LoadZones().value(), loaded.places}, &phones};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const World* const world = new World;
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  std::ostringstream out;
  cli::DecideLines(world->decide, in, out);
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    FORBEAR_CHECK(nlohmann::json::accept(line));
  }
  std::istringstream frames(std::string(reinterpret_cast<const char*>(data), size));
  std::ostringstream answers, errors;
  cli::DecideBinary(world->decide, frames, answers, errors);
  return 0;
}
