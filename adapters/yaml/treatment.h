// A treatment, from text to the engine's value. policies/treatments/gentle.yaml shows the form.
//
// Whatever is wrong is said with file, line and column and a suggestion, all of it at once; a
// treatment with a fault is not used at all.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "adapters/yaml/reader.h"
#include "engine/treatment/treatment.h"

namespace forbear::yaml {

// Faults go to `faults`; the treatment is then unusable.
Treatment ReadTreatment(std::string_view text, Faults* faults);

// kNotFound when there is no such file; kInvalidArgument with every fault.
absl::StatusOr<std::shared_ptr<const Treatment>> LoadTreatment(const std::string& path);

}  // namespace forbear::yaml
