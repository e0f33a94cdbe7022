#include "engine/audit/tile.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

constexpr uint64_t kHighestPathLevel = 63;  // section 5: the layout's, not what a log can reach

// Groups of three digits, all but the last marked with an x: 1234067 is x001/x234/067.
std::string IndexPath(uint64_t n) {
  std::string path;
  for (bool last = true; last || n > 0; last = false) {
    const uint64_t group = n % 1000;
    n /= 1000;
    std::string digits = std::to_string(group);
    digits.insert(0, 3 - digits.size(), '0');
    path = last ? digits : "x" + digits + "/" + path;
  }
  return path;
}

std::string PathOf(std::string_view folder, uint64_t n, uint64_t width) {
  FORBEAR_CHECK(width >= 1 && width <= kTileWidth);
  std::string path = absl::StrCat("tile/", ToAbsl(folder), "/", IndexPath(n));
  if (width < kTileWidth) absl::StrAppend(&path, ".p/", width);
  return path;
}

void AddLevel(int level, uint64_t hashes, std::vector<TileFile>* files) {
  for (uint64_t n = 0; n < hashes / kTileWidth; ++n) files->push_back({level, n, kTileWidth});
  if (hashes % kTileWidth != 0) {
    files->push_back({level, hashes / kTileWidth, hashes % kTileWidth});
  }
}

}  // namespace

uint64_t HashesAt(int level, uint64_t size) {
  return level > kMaxTileLevel ? 0 : size >> (kTileHeight * level);
}

std::string TilePath(int level, uint64_t n, uint64_t width) {
  return PathOf(std::to_string(level), n, width);
}

std::string BundlePath(uint64_t n, uint64_t width) { return PathOf("entries", n, width); }

std::string PartialFolder(std::string_view full_path) { return std::string(full_path) + ".p"; }

std::string TileFile::Path() const {
  return level == kBundleLevel ? BundlePath(n, width) : TilePath(level, n, width);
}

std::optional<TileFile> TileFileOf(std::string_view path) {
  // Read leniently, then written again: what comes out otherwise is another spelling, or no path.
  const auto number = [](std::string_view digits, uint64_t most) -> std::optional<uint64_t> {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value > most) return {};
    return value;
  };
  constexpr std::string_view kRoot = "tile/";
  if (!path.starts_with(kRoot)) return std::nullopt;
  std::string_view rest = path.substr(kRoot.size());
  const std::string_view level = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(rest.size(), level.size() + 1));
  TileFile file{kBundleLevel, 0, kTileWidth};
  if (level != "entries") {
    const auto value = number(level, kHighestPathLevel);
    if (!value.has_value()) return std::nullopt;
    file.level = static_cast<int>(*value);
  }
  if (const size_t partial = rest.find(".p/"); partial != std::string_view::npos) {
    const auto width = number(rest.substr(partial + 3), kTileWidth - 1);
    if (!width.has_value() || *width == 0) return std::nullopt;
    file.width = *width;
    rest = rest.substr(0, partial);
  }
  std::string digits;
  for (const char c : rest) {
    if (c != 'x' && c != '/') digits.push_back(c);
  }
  const auto n = number(digits, UINT64_MAX);
  if (!n.has_value()) return std::nullopt;
  file.n = *n;
  if (file.Path() != path) return std::nullopt;
  return file;
}

std::vector<TileFile> FilesOf(uint64_t size) {
  std::vector<TileFile> files;
  AddLevel(kBundleLevel, size, &files);
  for (int level = 0; HashesAt(level, size) > 0; ++level) {
    AddLevel(level, HashesAt(level, size), &files);
  }
  return files;
}

std::string EncodeTile(const std::vector<Bytes32>& hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHashBytes);
  for (const Bytes32& hash : hashes) bytes.append(AsText(hash));
  return bytes;
}

Bytes32 TileHash(std::string_view tile, uint64_t i) {
  FORBEAR_CHECK((i + 1) * kHashBytes <= tile.size());
  return AsBytes32(tile.substr(i * kHashBytes, kHashBytes));
}

void AppendToBundle(std::string_view entry, std::string* bundle) {
  FORBEAR_CHECK(entry.size() <= kMaxBundledBytes);
  bundle->push_back(static_cast<char>(entry.size() >> 8));
  bundle->push_back(static_cast<char>(entry.size() & 0xff));
  bundle->append(entry);
}

absl::StatusOr<std::vector<std::string_view>> SplitBundle(std::string_view bundle, uint64_t width) {
  std::vector<std::string_view> entries;
  entries.reserve(width);
  size_t at = 0;
  while (entries.size() < width) {
    if (bundle.size() - at < 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("holds ", entries.size(), " entries where ", width, " belong"));
    }
    const size_t length = static_cast<size_t>(static_cast<unsigned char>(bundle[at])) << 8 |
                          static_cast<unsigned char>(bundle[at + 1]);
    at += 2;
    if (bundle.size() - at < length) {
      return absl::InvalidArgumentError(absl::StrCat("ends within entry ", entries.size()));
    }
    entries.push_back(bundle.substr(at, length));
    at += length;
  }
  if (at != bundle.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", bundle.size() - at, " bytes after its ", width, " entries"));
  }
  return entries;
}

}  // namespace forbear::audit
