// Scenarios in YAML, in either form, from a stranger: faults, or scenarios that run.
#include <cstdint>
#include <string_view>

#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/scenario.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace {

using namespace forbear;  // NOLINT: a program of one file

struct World {
  std::shared_ptr<const ZoneTables> zones = LoadZones().value();
  yaml::LoadedPolicies loaded = yaml::LoadPolicies(FORBEAR_SOURCE_DIR "/policies", false).value();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const World& world = TheWorld();
  for (const yaml::ScenarioForm form :
       {yaml::ScenarioForm::kShared, yaml::ScenarioForm::kBesidePack}) {
    yaml::Faults faults("fuzz.scenarios.yaml");
    const auto scenarios =
        yaml::ReadScenarios({reinterpret_cast<const char*>(data), size}, form, &faults,
                            *world.loaded.phone_prefixes, *world.loaded.places);
    if (!faults.empty()) continue;
    yaml::ScenarioRun run;
    yaml::RunScenarios(scenarios, {world.loaded.bundle, world.zones, world.loaded.places},
                       world.loaded.places_without_pack, &run);
    FORBEAR_CHECK(static_cast<size_t>(run.passed + run.failed + run.skipped) == scenarios.size());
  }
  return 0;
}
