#include "engine/model/status.h"

#include <cstdio>

namespace forbear {

void CheckFailed(const char* file, int line, const char* claim) {
  std::fprintf(stderr, "forbear: %s:%d: this cannot happen: %s\n", file, line, claim);
  std::abort();
}

}  // namespace forbear
