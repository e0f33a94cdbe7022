#include "adapters/keys/kek_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/logexport/durable_file.h"
#include "date/date.h"
#include "engine/model/status.h"

namespace forbear::keys {
namespace {

using vault::kKeyBytes;
using vault::SecretKey;

constexpr std::string_view kPrefix = "kek-";
constexpr std::string_view kSuffix = ".key";
constexpr size_t kHexDigits = 2 * kKeyBytes;
constexpr size_t kKeyFileBytes = kHexDigits + 1;  // and a newline
constexpr size_t kMaxId = 64;  // letters; an id is part of a file's name and of every wrapped key
constexpr size_t kDayLetters = sizeof("k20260302-") - 1;

// A buffer that is wiped when it goes.
template <size_t kSize>
struct Buffer {
  std::array<char, kSize> bytes{};
  ~Buffer() { sodium_memzero(bytes.data(), bytes.size()); }
};

// What may stand in a file's name, and nothing that leads out of the folder.
bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

absl::Status SystemError(const char* doing, const std::string& path) {
  return Unavailable("key file `" + path + "`: " + doing + " failed: " + std::strerror(errno));
}

absl::Status NoKek(std::string_view id) {
  return NotFound(absl::StrCat("key-encryption key `", ToAbsl(IsId(id) ? id : "?"),
                               "`: destroyed, or never was"));
}

absl::Status CheckPrivate(const struct stat& facts, const std::string& path) {
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) == 0) return absl::OkStatus();
  return FailedPrecondition(
      "key file `" + path + "`: others than its owner may read or change it; chmod " +
      (S_ISDIR(facts.st_mode) ? "700" : "600") +
      " it, and rotate the key-encryption key if anybody else has been on this machine");
}

absl::Status CheckFolder(const std::string& folder) {
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0) return SystemError("opening", folder);
  return CheckPrivate(facts, folder);
}

// Reads at most `size` bytes of a private, regular file; how many there were.
// kNotFound when it is not there.
absl::StatusOr<size_t> ReadPrivate(const std::string& path, char* bytes, size_t size) {
  const logexport::File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.open()) {
    if (errno == ENOENT) return NotFound("key file `" + path + "`: not there");
    return SystemError("opening", path);
  }
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return SystemError("reading", path);
  if (!S_ISREG(facts.st_mode)) return DataLoss("key file `" + path + "`: not a file");
  FORBEAR_RETURN_IF_ERROR(CheckPrivate(facts, path));
  size_t at = 0;
  while (at < size) {
    const ssize_t got = ::read(file.get(), bytes + at, size - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("reading", path);
    if (got == 0) break;
    at += static_cast<size_t>(got);
  }
  return at;
}

// Zeroes over all that the file holds, synced. Nothing to do when it is not there.
absl::Status Overwrite(const std::string& path) {
  const logexport::File file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.open()) return errno == ENOENT ? absl::OkStatus() : SystemError("opening", path);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return SystemError("reading", path);
  const std::array<char, 512> zeroes{};
  for (off_t at = 0; at < facts.st_size;) {
    const auto want = std::min<off_t>(facts.st_size - at, off_t{zeroes.size()});
    const ssize_t written = ::pwrite(file.get(), zeroes.data(), static_cast<size_t>(want), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError("overwriting", path);
    at += written;
  }
  return ::fsync(file.get()) == 0 ? absl::OkStatus() : SystemError("syncing", path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<KekFiles>> KekFiles::Open(const std::string& folder,
                                                         Randomness& randomness,
                                                         const Clock& clock) {
  FORBEAR_RETURN_IF_ERROR(logexport::MakeFolders(folder));
  std::unique_ptr<KekFiles> files(new KekFiles(folder, randomness, clock));
  FORBEAR_RETURN_IF_ERROR(CheckFolder(folder));
  const std::lock_guard lock(files->mutex_);
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, files->List());
  for (const std::string& id : ids) {
    // A key whose destruction was interrupted is none, and no reason not to start.
    const absl::Status read = files->Read(id).status();
    if (!read.ok() && !absl::IsNotFound(read)) return read;
  }
  return files;
}

std::string KekFiles::PathOf(std::string_view id) const {
  return absl::StrCat(folder_, "/", ToAbsl(kPrefix), ToAbsl(id), ToAbsl(kSuffix));
}

absl::StatusOr<std::string> KekFiles::ReadCurrent() {
  const std::string path = folder_ + "/" + kCurrentFile;
  std::array<char, kMaxId + 2> text;
  const absl::StatusOr<size_t> size = ReadPrivate(path, text.data(), text.size());
  if (absl::IsNotFound(size.status())) {
    return FailedPrecondition("key folder `" + folder_ +
                              "`: no key-encryption key in it; give the folder that holds them, "
                              "or make the first with keys generate");
  }
  if (!size.ok()) return size.status();
  std::string_view id(text.data(), *size);
  if (id.ends_with('\n')) id.remove_suffix(1);
  if (!IsId(id)) return DataLoss("key file `" + path + "`: does not hold the id of a key");
  return std::string(id);
}

absl::StatusOr<std::string> KekFiles::CurrentId() {
  const std::lock_guard lock(mutex_);
  FORBEAR_ASSIGN_OR_RETURN(std::string id, ReadCurrent());
  if (::access(PathOf(id).c_str(), F_OK) != 0) {
    return FailedPrecondition("key folder `" + folder_ + "`: the current key-encryption key `" +
                              id + "` is not in it; put it back");
  }
  return id;
}

absl::StatusOr<std::vector<std::string>> KekFiles::List() {
  DIR* const folder = ::opendir(folder_.c_str());
  if (folder == nullptr) return SystemError("opening", folder_);
  std::vector<std::string> ids;
  errno = 0;
  while (const dirent* const item = ::readdir(folder)) {
    std::string_view name = item->d_name;
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    if (name.size() < kPrefix.size() + kSuffix.size()) continue;
    name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
    if (IsId(name)) ids.emplace_back(name);
  }
  const int error = errno;
  ::closedir(folder);
  errno = error;
  if (error != 0) return SystemError("listing", folder_);
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<std::vector<std::string>> KekFiles::Ids() {
  const std::lock_guard lock(mutex_);
  return List();
}

absl::StatusOr<std::shared_ptr<const SecretKey>> KekFiles::Read(const std::string& id) {
  const std::string path = PathOf(id);
  Buffer<kKeyFileBytes + 1> text;  // one more than a key's file has
  const absl::StatusOr<size_t> size = ReadPrivate(path, text.bytes.data(), text.bytes.size());
  if (absl::IsNotFound(size.status())) return NoKek(id);
  if (!size.ok()) return size.status();
  // Overwritten and not unlinked yet: gone.
  const bool wiped =
      std::all_of(text.bytes.begin(), text.bytes.begin() + *size, [](char c) { return c == '\0'; });
  if (wiped && *size > 0) return NoKek(id);
  bool good = *size == kKeyFileBytes && text.bytes[kHexDigits] == '\n';
  for (size_t i = 0; i < kHexDigits && good; ++i) {
    const char c = text.bytes[i];
    good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  }
  if (!good) return DataLoss("key file `" + path + "`: not 64 hex digits and a newline");
  size_t decoded = 0;
  SecretKey key = SecretKey::FilledBy([&](std::span<uint8_t, kKeyBytes> out) {
    sodium_hex2bin(out.data(), out.size(), text.bytes.data(), kHexDigits, nullptr, &decoded,
                   nullptr);
  });
  FORBEAR_CHECK(decoded == kKeyBytes);
  return read_[id] = std::make_shared<const SecretKey>(std::move(key));
}

absl::StatusOr<std::shared_ptr<const SecretKey>> KekFiles::Find(std::string_view id) {
  if (!IsId(id)) return NoKek(id);
  const std::lock_guard lock(mutex_);
  const auto read = read_.find(id);
  if (read == read_.end()) return Read(std::string(id));
  struct stat facts {};
  const std::string path = PathOf(id);
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return SystemError("reading", path);
    read_.erase(read);  // destroyed by another process
    return NoKek(id);
  }
  FORBEAR_RETURN_IF_ERROR(CheckPrivate(facts, path));
  return read->second;
}

// Today, the second of the day in five hex digits, three at random; past every id that is there,
// also when the clock was set back or two are made in one second.
absl::StatusOr<std::string> KekFiles::NextId() {
  const Instant now = clock_.Now();
  const auto day = date::floor<date::days>(now);
  const auto second = static_cast<uint32_t>((now - day).count());
  std::array<uint8_t, 2> random;
  randomness_.Fill(random);
  uint32_t number = second << 12 | (uint32_t{random[0]} << 8 | random[1]) >> 4;
  std::string prefix = date::format("k%Y%m%d-", day);
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, List());
  for (const std::string& id : ids) {
    uint32_t other = 0;
    const char* const end = id.data() + id.size();
    if (id.size() != kDayLetters + 8 || id[0] != 'k' || id[kDayLetters - 1] != '-') continue;
    const auto [stop, error] = std::from_chars(id.data() + kDayLetters, end, other, 16);
    if (error != std::errc() || stop != end) continue;
    const std::string day_of = id.substr(0, kDayLetters);
    if (day_of > prefix || (day_of == prefix && other >= number)) {
      prefix = day_of;
      number = other + 1;
    }
  }
  std::array<char, 9> digits;
  std::snprintf(digits.data(), digits.size(), "%08x", number);
  return prefix + digits.data();
}

absl::StatusOr<Instant> KekFiles::MadeAt(std::string_view id) {
  const std::lock_guard lock(mutex_);
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, List());
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
    return NotFound("key-encryption key `" + std::string(id) + "`: not there");
  }
  // k20260302-0e10a4f7: the day, and the second of it in five digits.
  if (id.size() != kDayLetters + 8 || id[0] != 'k') return kFirstInstant;
  const std::string day = std::string(id.substr(1, 4)) + "-" + std::string(id.substr(5, 2)) + "-" +
                          std::string(id.substr(7, 2)) + "T00:00:00Z";
  const absl::StatusOr<Instant> made = ParseInstant(day);
  uint32_t number = 0;
  const char* const end = id.data() + id.size();
  const auto [stop, error] = std::from_chars(id.data() + kDayLetters, end, number, 16);
  if (!made.ok() || error != std::errc() || stop != end) return kFirstInstant;
  return *made + Seconds(std::min<uint32_t>(number >> 12, 86'399));
}

absl::StatusOr<std::string> KekFiles::MakeNext() {
  const std::lock_guard lock(mutex_);
  FORBEAR_RETURN_IF_ERROR(CheckFolder(folder_));
  FORBEAR_ASSIGN_OR_RETURN(std::string id, NextId());
  auto key = std::make_shared<const SecretKey>(
      SecretKey::FilledBy([&](std::span<uint8_t, kKeyBytes> out) { randomness_.Fill(out); }));
  Buffer<kKeyFileBytes> text;  // the newline stands where sodium writes its zero
  sodium_bin2hex(text.bytes.data(), text.bytes.size(), key->data(), kKeyBytes);
  text.bytes[kHexDigits] = '\n';
  // The key first, and its name into `current` once it is there for good.
  FORBEAR_RETURN_IF_ERROR(logexport::WriteNewFile(
      PathOf(id), {text.bytes.data(), text.bytes.size()}, logexport::kPrivateFile));
  FORBEAR_RETURN_IF_ERROR(logexport::SyncFolder(folder_));
  FORBEAR_RETURN_IF_ERROR(
      logexport::ReplaceFile(folder_ + "/" + kCurrentFile, id + "\n", logexport::kPrivateFile));
  read_[id] = std::move(key);
  return id;
}

absl::Status KekFiles::Destroy(std::string_view id) {
  if (!IsId(id)) return absl::OkStatus();  // no such key, and no such file of ours
  const std::lock_guard lock(mutex_);
  // Not knowing which one is current is no reason to destroy any.
  FORBEAR_ASSIGN_OR_RETURN(const std::string current, ReadCurrent());
  if (id == current) {
    return FailedPrecondition("key-encryption key `" + current +
                              "` is the current one; make the next and wrap all keys anew first");
  }
  const std::string path = PathOf(id);
  if (const auto read = read_.find(id); read != read_.end()) read_.erase(read);
  FORBEAR_RETURN_IF_ERROR(Overwrite(path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError("removing", path);
  // Also when it was not there: the try before may have ended just before this.
  return logexport::SyncFolder(folder_);
}

}  // namespace forbear::keys
