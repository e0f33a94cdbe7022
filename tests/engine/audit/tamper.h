// What somebody who wants to change a log would use.
//
// An Export is the files of an exported log, in memory. It can be read from a folder and written
// to one, changed file by file, or taken apart into entries, changed, and put together again with
// every hash, tile and bundle consistent and the checkpoint signed anew: then nothing but the
// entries themselves, or an older checkpoint, can tell.
//
//   Export log = Export::Read(folder);
//   std::vector<std::string> entries = log.Entries();
//   std::swap(entries[3], entries[4]);
//   log = Export::Make(entries, key);
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/audit/checkpoint.h"
#include "engine/audit/cj1.h"
#include "engine/audit/source.h"
#include "engine/audit/tile.h"
#include "engine/model/status.h"

namespace forbear::audit {

struct Export : FileSource {
  std::map<std::string, std::string> files;  // path in the export -> content

  static Export ReadFolder(const std::filesystem::path& folder) {
    Export result;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
      if (!item.is_regular_file()) continue;
      std::ifstream file(item.path(), std::ios::binary);
      std::ostringstream content;
      content << file.rdbuf();
      result.files[std::filesystem::relative(item.path(), folder).string()] = content.str();
    }
    if (!result.files.contains("checkpoint"))
      throw std::runtime_error("no export: " + folder.string());
    return result;
  }

  void WriteFolder(const std::filesystem::path& folder) const {
    std::filesystem::remove_all(folder);
    for (const auto& [path, content] : files) {
      std::filesystem::create_directories((folder / path).parent_path());
      std::ofstream(folder / path, std::ios::binary) << content;
    }
  }

  // Every file that these entries make, under a checkpoint signed by `key`.
  static Export Make(const std::vector<std::string>& entries, const SigningKey& key) {
    Export result;
    Tree tree;
    std::vector<FullTile> full;
    std::vector<std::string> bundles;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i % kTileWidth == 0) bundles.emplace_back();
      AppendToBundle(entries[i], &bundles.back());
      tree.Append(LeafHash(entries[i]), &full);
    }
    for (size_t n = 0; n < bundles.size(); ++n) {
      const uint64_t width = std::min<uint64_t>(kTileWidth, entries.size() - n * kTileWidth);
      result.files[BundlePath(n, width)] = bundles[n];
    }
    for (const FullTile& tile : full) {
      result.files[TilePath(tile.level, tile.n, kTileWidth)] = tile.bytes;
    }
    for (size_t level = 0; level < tree.tail().size(); ++level) {
      const auto& hashes = tree.tail()[level];
      if (hashes.empty()) continue;
      const auto number = static_cast<int>(level);
      result.files[TilePath(number, HashesAt(number, tree.size()) / kTileWidth, hashes.size())] =
          EncodeTile(hashes);
    }
    result.files["checkpoint"] = key.Sign({key.verifier().name, tree.Head()});
    return result;
  }

  // The entries that the bundles hold, as many as the checkpoint counts.
  std::vector<std::string> Entries() const {
    const uint64_t size = PeekCheckpoint(files.at("checkpoint")).value().head.size;
    std::vector<std::string> entries;
    for (uint64_t n = 0; n * kTileWidth < size; ++n) {
      const uint64_t width = std::min<uint64_t>(kTileWidth, size - n * kTileWidth);
      const auto bundle = SplitBundle(files.at(BundlePath(n, width)), width).value();
      entries.insert(entries.end(), bundle.begin(), bundle.end());
    }
    return entries;
  }

  // The same entries but one, everything made consistent and signed again.
  Export With(size_t index, const std::string& entry, const SigningKey& key) const {
    std::vector<std::string> entries = Entries();
    entries.at(index) = entry;
    return Make(entries, key);
  }

  absl::StatusOr<std::string> Read(std::string_view path) const override {
    const auto file = files.find(std::string(path));
    if (file == files.end()) return NotFound("no such file");
    return file->second;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view folder) const override {
    const std::string prefix = std::string(folder) + "/";
    std::vector<std::string> names;
    for (auto it = files.lower_bound(prefix); it != files.end() && it->first.starts_with(prefix);
         ++it) {
      const std::string name = it->first.substr(prefix.size());
      if (name.find('/') == std::string::npos) names.push_back(name);
    }
    return names;
  }
  absl::StatusOr<std::vector<std::string>> TileFiles() const override {
    std::vector<std::string> paths;
    for (const auto& [path, content] : files) {
      if (path.starts_with("tile/")) paths.push_back(path);
    }
    return paths;
  }
};

// `entry` with one member put in the place of what it had; nullptr takes the member away.
inline std::string WithMember(std::string_view entry, std::string_view name,
                              const cj1::Value* value) {
  cj1::Value parsed = cj1::Parse(entry).value();
  cj1::Value changed = cj1::Object();
  for (const auto& [member, old] : parsed.AsObject()) {
    if (member != name) changed.Set(member, old);
  }
  if (value != nullptr) changed.Set(std::string(name), *value);
  return cj1::Encode(changed).value();
}
inline std::string WithMember(std::string_view entry, std::string_view name,
                              const cj1::Value& value) {
  return WithMember(entry, name, &value);
}
inline std::string WithoutMember(std::string_view entry, std::string_view name) {
  return WithMember(entry, name, nullptr);
}

// Numbers entries anew, in the log and per tenant, as somebody would who took one out.
inline std::vector<std::string> Renumbered(std::vector<std::string> entries) {
  std::map<std::string, int64_t> tenants;
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i] = WithMember(entries[i], "seq", static_cast<int64_t>(i));
    const cj1::Value parsed = cj1::Parse(entries[i]).value();
    if (const cj1::Value* tenant = parsed.Find("tenant")) {
      entries[i] = WithMember(entries[i], "tseq", tenants[tenant->AsString()]++);
    }
  }
  return entries;
}

}  // namespace forbear::audit
