// Drafts to fill a log with, and the entries and full tiles of one, as a store would keep them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/audit/log.h"
#include "engine/audit/source.h"
#include "engine/model/status.h"

namespace forbear::audit {

inline EntryId NextId() {
  static uint64_t counter = 0;
  EntryId id;
  ++counter;
  for (int i = 0; i < 8; ++i) {
    id.bytes[static_cast<size_t>(15 - i)] = static_cast<uint8_t>(counter >> (8 * i));
  }
  id.bytes[0] = 0xa0;
  return id;
}

inline EntryDraft Draft(std::string kind, std::string tenant = "") {
  EntryDraft draft;
  draft.id = NextId();
  draft.kind = std::move(kind);
  draft.actor = {ActorKind::kSystem, "dispatcher", ""};
  draft.tenant = std::move(tenant);
  return draft;
}

inline EntryDraft Opening() {
  EntryDraft draft = Draft("log.opened");
  draft.data.Set("format", 1);
  return draft;
}

// Entries in memory, as a store would keep them.
class LogInMemory : public EntrySource {
 public:
  void Take(const EncodedEntry& entry) { entries.push_back(entry.bytes); }
  void Take(const std::vector<FullTile>& full) {
    for (const FullTile& tile : full) tiles[{tile.level, tile.n}] = tile.bytes;
  }
  absl::StatusOr<uint64_t> Size() const override { return entries.size(); }
  absl::StatusOr<std::vector<std::string>> Entries(uint64_t from, uint64_t to) const override {
    if (to > entries.size()) return DataLoss("no such entry");
    return std::vector<std::string>(entries.begin() + static_cast<std::ptrdiff_t>(from),
                                    entries.begin() + static_cast<std::ptrdiff_t>(to));
  }
  absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const override {
    const auto tile = tiles.find({level, n});
    if (tile == tiles.end()) return NotFound("no such tile");
    return tile->second;
  }

  std::vector<std::string> entries;
  std::map<std::pair<int, uint64_t>, std::string> tiles;
};

// A log that grows and is read back.
struct GrowingLog {
  explicit GrowingLog(std::string name = "audit.example/forbear") : writer(std::move(name), "n1") {}

  // Appends entries until there are `size`: an opening, then whatever keeps the log busy.
  void GrowTo(uint64_t size) {
    while (writer.size() < size) {
      const EntryDraft draft = writer.size() == 0       ? Opening()
                               : writer.size() % 3 == 0 ? Draft("node.started")
                                                        : Draft("account.added", "demo");
      store.Take(writer.Append(draft, kFirstInstant + Seconds(writer.size())).value());
    }
    store.Take(writer.NewTiles());
    writer.Commit();
  }

  LogWriter writer;
  LogInMemory store;
};

}  // namespace forbear::audit
