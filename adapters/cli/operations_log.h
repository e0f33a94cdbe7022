// The operations log: what an operator reads, one JSON object a line on stderr. Field names are an
// allow-list, so that no borrower's data can get in by way of a careless line (security.md S2).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace forbear::cli {

enum class Level { kInfo, kWarning, kError };

// REQUIRES: every field name is one of kAllowedFields; values are never about a person.
using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;
void LogEvent(Level level, std::string_view event, LogFields fields = {});

}  // namespace forbear::cli
