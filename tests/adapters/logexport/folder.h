// A folder that is there for one test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "adapters/logexport/durable_file.h"
#include "engine/audit/hash.h"

namespace forbear::logexport {

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "forbear-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string Slurp(const std::string& path) { return ReadFile(path, 1 << 26).value(); }

// Every file below `folder`, by its path from there.
inline std::map<std::string, std::string> FilesIn(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.is_regular_file()) {
      files[std::filesystem::relative(item.path(), folder).string()] = Slurp(item.path().string());
    }
  }
  return files;
}

// The same with digests for contents, so that a difference can be read.
inline std::map<std::string, std::string> Digests(std::map<std::string, std::string> files) {
  for (auto& [path, content] : files) content = ToHex(audit::AsText(audit::Sha256(content)));
  return files;
}

}  // namespace forbear::logexport
