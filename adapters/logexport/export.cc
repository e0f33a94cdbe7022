#include "adapters/logexport/export.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/logexport/durable_file.h"
#include "engine/audit/checkpoint.h"
#include "engine/model/status.h"

namespace forbear::logexport {
namespace {

using audit::HashesAt;
using audit::kTileWidth;

// The largest file of an export: a bundle of 256 entries at the format's ceiling.
constexpr size_t kMaxExportFile = kTileWidth * (audit::kMaxBundledBytes + 2);

// Entries written between two syncs of the folders: a crash loses no more work than this, and the
// tiles waiting to be written stay within a few MB.
constexpr uint64_t kStretch = 256 * kTileWidth;

absl::StatusOr<std::vector<std::string>> ReadEntries(const audit::EntrySource& source,
                                                     uint64_t from, uint64_t to) {
  FORBEAR_ASSIGN_OR_RETURN(std::vector<std::string> entries, source.Entries(from, to));
  if (entries.size() != to - from) {
    return DataLoss(absl::StrCat("F1: entries are missing between ", from, " and ", to));
  }
  return entries;
}

}  // namespace

absl::StatusOr<std::string> FolderSource::Read(std::string_view path) const {
  auto content = ReadFile(absl::StrCat(folder_, "/", ToAbsl(path)), kMaxExportFile);
  if (absl::IsInvalidArgument(content.status())) {
    return DataLoss(absl::StrCat("F2: ", ToAbsl(path), " is no file, or larger than any of a log"));
  }
  return content;
}

absl::StatusOr<std::vector<std::string>> FolderSource::List(std::string_view folder) const {
  std::vector<std::string> names;
  const std::filesystem::path path = absl::StrCat(folder_, "/", ToAbsl(folder));
  std::error_code error;
  std::filesystem::directory_iterator items(path, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return names;
  }
  for (; !error && items != std::filesystem::directory_iterator(); items.increment(error)) {
    names.push_back(items->path().filename().string());
  }
  if (error) return Unavailable("`" + path.string() + "`: reading failed: " + error.message());
  return names;
}

absl::StatusOr<std::vector<std::string>> FolderSource::TileFiles() const {
  std::vector<std::string> paths;
  const std::filesystem::path root = folder_;
  const std::filesystem::path tiles = root / "tile";
  std::error_code error;
  std::filesystem::recursive_directory_iterator items(tiles, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return paths;
  }
  for (; !error && items != std::filesystem::recursive_directory_iterator();
       items.increment(error)) {
    std::error_code unknown;
    if (items->is_directory(unknown)) continue;
    paths.push_back(items->path().lexically_relative(root).generic_string());
  }
  if (error) return Unavailable("`" + tiles.string() + "`: reading failed: " + error.message());
  return paths;
}

void Exporter::Unlock::operator()(int* descriptor) const {
  ::close(*descriptor);
  delete descriptor;
}

absl::StatusOr<Exporter> Exporter::Open(const std::string& folder, Existing existing) {
  FORBEAR_RETURN_IF_ERROR(MakeFolders(folder));
  Exporter exporter(folder, existing);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Unavailable("export `" + folder + "`: cannot be opened");
  exporter.lock_.reset(new int(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return FailedPrecondition("export `" + folder +
                              "`: another program is writing it; wait, or give another folder");
  }
  return exporter;
}

absl::Status Exporter::Begin(const audit::EntrySource& source, const audit::TreeHead& head) {
  if (begun_) return absl::OkStatus();
  const auto note = FolderSource(folder_).Read("checkpoint");
  if (absl::IsNotFound(note.status())) {
    begun_ = true;
    return absl::OkStatus();
  }
  if (!note.ok()) return note.status();
  const auto held = audit::PeekCheckpoint(*note);
  if (!held.ok()) {
    return DataLoss(absl::StrCat("export `", folder_, "`: its checkpoint is not one (",
                                 held.status().message(), "); keep it and export elsewhere"));
  }
  if (held->head.size > head.size) {
    return DataLoss(absl::StrCat("export `", folder_, "`: holds ", held->head.size,
                                 " entries and the log was signed for ", head.size,
                                 "; the store is older than its export: make no contact"));
  }
  FORBEAR_RETURN_IF_ERROR(audit::CheckPrefix(source, head.size, held->head));
  if (existing_ == Existing::kFromCheckpoint) {
    FORBEAR_ASSIGN_OR_RETURN(tree_, audit::TreeOf(source, held->head.size));
  }
  begun_ = true;
  return absl::OkStatus();
}

absl::Status Exporter::Export(const audit::EntrySource& source, std::string_view note) {
  FORBEAR_ASSIGN_OR_RETURN(const audit::Checkpoint checkpoint, audit::PeekCheckpoint(note));
  const uint64_t size = checkpoint.head.size;
  FORBEAR_RETURN_IF_ERROR(Begin(source, checkpoint.head));
  const uint64_t from = tree_.size();
  if (size < from) {
    return DataLoss(absl::StrCat("export `", folder_, "`: holds ", from, " entries and is asked ",
                                 "for ", size, "; an export never shrinks"));
  }

  audit::Tree foreseen = tree_;
  std::vector<audit::FullTile> ignored;
  for (uint64_t at = from; at < size; at = foreseen.size()) {
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                             ReadEntries(source, at, std::min(at + kTileWidth, size)));
    for (const std::string& entry : entries) foreseen.Append(audit::LeafHash(entry), &ignored);
    ignored.clear();
  }
  if (foreseen.Root() != checkpoint.head.root) {
    return DataLoss(
        "F4: the entries make another root than the checkpoint; nothing was exported: "
        "make no contact and compare the store with an earlier export");
  }

  audit::Tree tree = tree_;
  while (tree.size() < size) {
    const uint64_t stretch = tree.size() - tree.size() % kStretch + kStretch;
    FORBEAR_RETURN_IF_ERROR(WriteEntries(source, tree.size(), std::min(stretch, size), &tree));
  }
  FORBEAR_RETURN_IF_ERROR(WritePartialTiles(tree));
  FORBEAR_RETURN_IF_ERROR(SyncTouched());
  const auto held = FolderSource(folder_).Read("checkpoint");
  if (!held.ok() || *held != note) {
    FORBEAR_RETURN_IF_ERROR(ReplaceFile(folder_ + "/checkpoint", note, kPrivateFile));
  }
  tree_ = std::move(tree);
  return DropPartials(from, size);
}

// Bundles of entries [from, to), and the hash tiles that they make full.
absl::Status Exporter::WriteEntries(const audit::EntrySource& source, uint64_t from, uint64_t to,
                                    audit::Tree* tree) {
  std::vector<audit::FullTile> full;
  for (uint64_t n = from / kTileWidth; n * kTileWidth < to; ++n) {
    const uint64_t first = n * kTileWidth;
    const uint64_t end = std::min(first + kTileWidth, to);
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                             ReadEntries(source, first, end));
    std::string bundle;
    for (uint64_t seq = first; seq < end; ++seq) {
      audit::AppendToBundle(entries[seq - first], &bundle);
      if (seq >= tree->size()) tree->Append(audit::LeafHash(entries[seq - first]), &full);
    }
    FORBEAR_RETURN_IF_ERROR(Put(audit::BundlePath(n, end - first), bundle));
  }
  FORBEAR_RETURN_IF_ERROR(SyncTouched());
  std::stable_sort(full.begin(), full.end(),
                   [](const auto& a, const auto& b) { return a.level < b.level; });
  for (const audit::FullTile& tile : full) {
    FORBEAR_RETURN_IF_ERROR(Put(audit::TilePath(tile.level, tile.n, kTileWidth), tile.bytes));
  }
  return SyncTouched();
}

absl::Status Exporter::WritePartialTiles(const audit::Tree& tree) {
  for (size_t level = 0; level < tree.tail().size(); ++level) {
    const auto& hashes = tree.tail()[level];
    if (hashes.empty()) continue;
    const auto number = static_cast<int>(level);
    const uint64_t n = HashesAt(number, tree.size()) / kTileWidth;
    FORBEAR_RETURN_IF_ERROR(
        Put(audit::TilePath(number, n, hashes.size()), audit::EncodeTile(hashes)));
  }
  return absl::OkStatus();
}

absl::Status Exporter::Put(const std::string& path, const std::string& bytes) {
  const std::string file = folder_ + "/" + path;
  // Twice: somebody without our lock may have written it between the look and the rename.
  for (int look = 0; look < 2; ++look) {
    const auto held = ReadFile(file, kMaxExportFile);
    if (held.ok()) {
      if (*held == bytes) return absl::OkStatus();
      return DataLoss("F3: export file `" + file +
                      "` differs from the log; it was not replaced: keep it, and find out which "
                      "of the two was changed");
    }
    if (!absl::IsNotFound(held.status())) return held.status();
    const std::string folder = FolderOf(file);
    FORBEAR_RETURN_IF_ERROR(MakeFolders(folder));
    const absl::Status written = WriteNewFile(file, bytes, kPrivateFile);
    if (written.ok()) {
      touched_.insert(folder);
      return absl::OkStatus();
    }
    if (!absl::IsAlreadyExists(written)) return written;
  }
  return Unavailable("export file `" + file + "` comes and goes; let nobody else write there");
}

absl::Status Exporter::SyncTouched() {
  for (const std::string& folder : touched_) FORBEAR_RETURN_IF_ERROR(SyncFolder(folder));
  touched_.clear();
  return absl::OkStatus();
}

// Partial files of tiles that became full between the two sizes: the full one stands in for them.
absl::Status Exporter::DropPartials(uint64_t from, uint64_t to) {
  const auto drop = [&](const std::string& full_path) -> absl::Status {
    const std::string folder = folder_ + "/" + audit::PartialFolder(full_path);
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) return Unavailable("`" + folder + "`: removing failed: " + error.message());
    return absl::OkStatus();
  };
  for (uint64_t n = from / kTileWidth; n < to / kTileWidth; ++n) {
    FORBEAR_RETURN_IF_ERROR(drop(audit::BundlePath(n, kTileWidth)));
  }
  for (int level = 0; HashesAt(level, to) > 0; ++level) {
    for (uint64_t n = HashesAt(level, from) / kTileWidth; n < HashesAt(level, to) / kTileWidth;
         ++n) {
      FORBEAR_RETURN_IF_ERROR(drop(audit::TilePath(level, n, kTileWidth)));
    }
  }
  return absl::OkStatus();
}

}  // namespace forbear::logexport
