// Where a log is read from. Two views of one log: as a store keeps it, and as files lie in an
// export. Implementations live with the adapters; the engine only reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/tree.h"

namespace forbear::audit {

// The committed entries and full tiles of a store.
//
// Implementations: adapters/sqlite, and whatever else keeps a log. Calls may block on a disk. An
// object is used by one thread at a time; entries may be appended meanwhile, for they never change.
class EntrySource {
 public:
  virtual ~EntrySource() = default;

  // How many entries the log has. It may have grown by the next call; it never shrinks.
  virtual absl::StatusOr<uint64_t> Size() const = 0;

  // The stored bytes of entries [from, to), in order. Callers ask for at most 256 at a time.
  // kDataLoss when one is missing; never fewer than asked for.
  virtual absl::StatusOr<std::vector<std::string>> Entries(uint64_t from, uint64_t to) const = 0;

  // The 8,192 bytes of a full hash tile. kNotFound when the store has no such tile.
  virtual absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const = 0;
};

// The tree of the first `size` entries, ready to grow: partial tiles are hashed from the entries
// after the last full tile and folded from the full tiles below. Reads up to 255 entries and 255
// tiles a level. kDataLoss when the source lacks one.
absl::StatusOr<Tree> TreeOf(const EntrySource& source, uint64_t size);

// The partial tiles of that tree, as LogWriter::Resume wants them.
absl::StatusOr<std::vector<std::vector<Bytes32>>> TailOf(const EntrySource& source, uint64_t size);

// The tiles of the first `size` entries of a store, partial ones made as needed: what proofs about
// a live log are folded from.
class StoredTiles : public TileSource {
 public:
  // `source` outlives this object; `tree` is the tree of its first entries.
  StoredTiles(const EntrySource& source, Tree tree) : source_(&source), tree_(std::move(tree)) {}
  static absl::StatusOr<StoredTiles> Make(const EntrySource& source, uint64_t size);
  absl::StatusOr<std::string> Tile(int level, uint64_t n, uint64_t width) override;
  // The tree they are the tiles of.
  const Tree& tree() const { return tree_; }

 private:
  const EntrySource* source_;
  Tree tree_;
};

// OK when the first `older.size` of the source's `size` entries have `older.root`; kDataLoss when
// the log is shorter than that or begins otherwise: it was cut, rolled back or forked.
absl::Status CheckPrefix(const EntrySource& source, uint64_t size, const TreeHead& older);

// An exported log: static files under one folder (section 5).
class FileSource {
 public:
  virtual ~FileSource() = default;

  // The content of `path`, as in `tile/0/001.p/3`. kNotFound when there is no such file.
  virtual absl::StatusOr<std::string> Read(std::string_view path) const = 0;

  // The names of the files in `folder`, as in `tile/0/001.p`, in any order. Empty when there is
  // no such folder.
  virtual absl::StatusOr<std::vector<std::string>> List(std::string_view folder) const = 0;

  // The path of every file at any depth below `tile`, in any order: also of those that no
  // checkpoint calls for.
  virtual absl::StatusOr<std::vector<std::string>> TileFiles() const = 0;
};

}  // namespace forbear::audit
