// Rules that can never deny anything, found in the text of a pack.
//
// Such a rule is a slip of whoever wrote it: it stands there, and protects nobody. Only what is
// sure is told; a rule that some known fact may yet make deny is left alone.
#pragma once

#include <string_view>

#include "adapters/yaml/reader.h"

namespace forbear::yaml {

// Tells `faults` of each such rule, and of each that says once more what another of the pack says.
// Nothing of a pack that has faults of its own: ReadPack tells those.
void FindUnreachable(std::string_view text, Faults* faults);

}  // namespace forbear::yaml
