#include "adapters/logexport/key_files.h"

#include <sodium.h>
#include <sys/stat.h>

#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "adapters/logexport/durable_file.h"
#include "engine/model/status.h"

namespace forbear::logexport {
namespace {

constexpr size_t kMaxKeyFile = 4096;  // bytes; an origin's name and a key are a few hundred

// Text that is wiped when it goes.
struct Secret {
  std::string text;
  ~Secret() { sodium_memzero(text.data(), text.size()); }
};

absl::Status ReadSecret(const std::string& path, Secret* secret) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return FailedPrecondition("key file `" + path +
                              "`: others than its owner may read or change it; chmod 600 it, and "
                              "make a new key if anybody else has been on this machine");
  }
  FORBEAR_ASSIGN_OR_RETURN(secret->text, ReadFile(path, kMaxKeyFile));
  if (secret->text.ends_with('\n')) secret->text.pop_back();
  return absl::OkStatus();
}

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("key file `", path, "`: ", status.message()));
}

}  // namespace

absl::StatusOr<audit::VerifierKey> GenerateKeys(const std::string& origin,
                                                const std::string& folder) {
  FORBEAR_CHECK(sodium_init() >= 0);
  const std::string log_key = absl::StrCat(folder, "/", kLogKeyFile);
  const std::string verifier_key = absl::StrCat(folder, "/", kVerifierKeyFile);
  const std::string index_key = absl::StrCat(folder, "/", kIndexKeyFile);
  for (const std::string& path : {log_key, verifier_key, index_key}) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
      return AlreadyExists("`" + path +
                           "`: a key is there already; give another folder, for a "
                           "lost key ends its log");
    }
  }
  Bytes32 seed;
  randombytes_buf(seed.data(), seed.size());
  Secret line;
  const auto key = audit::SigningKey::FromSeed(origin, seed);
  if (key.ok()) line.text = audit::SigningKey::KeyFileLine(origin, seed).value() + "\n";
  sodium_memzero(seed.data(), seed.size());
  if (!key.ok()) return key.status();
  Bytes32 index;
  randombytes_buf(index.data(), index.size());
  Secret index_line;
  index_line.text = ToHex(audit::AsText(index)) + "\n";
  sodium_memzero(index.data(), index.size());

  FORBEAR_RETURN_IF_ERROR(MakeFolders(folder));
  FORBEAR_RETURN_IF_ERROR(WriteNewFile(log_key, line.text, kPrivateFile));
  FORBEAR_RETURN_IF_ERROR(WriteNewFile(index_key, index_line.text, kPrivateFile));
  FORBEAR_RETURN_IF_ERROR(WriteNewFile(verifier_key, key->verifier().Line() + "\n", kPublicFile));
  FORBEAR_RETURN_IF_ERROR(SyncFolder(folder));
  return key->verifier();
}

absl::StatusOr<audit::SigningKey> ReadSigningKey(const std::string& path) {
  Secret secret;
  FORBEAR_RETURN_IF_ERROR(ReadSecret(path, &secret));
  auto key = audit::SigningKey::Parse(secret.text);
  if (!key.ok()) return InFile(path, key.status());
  return key;
}

absl::StatusOr<Bytes32> ReadIndexKey(const std::string& path) {
  Secret secret;
  FORBEAR_RETURN_IF_ERROR(ReadSecret(path, &secret));
  const auto raw = FromHex(secret.text);
  if (!raw.ok() || raw->size() != 32) {
    return InFile(path, InvalidArgument("not 64 hex digits; make one with keys generate"));
  }
  return audit::AsBytes32(*raw);
}

absl::StatusOr<audit::VerifierKey> ReadVerifierKey(const std::string& key) {
  auto file = ReadFile(key, kMaxKeyFile);
  if (!file.ok()) {
    // Neither a file nor a key: the file is what was meant, unless it looks like a key.
    if (key.find('+') == std::string::npos) {
      return InvalidArgument("key: " + std::string(file.status().message()) +
                             "; give log.vkey or the line in it");
    }
    return audit::VerifierKey::Parse(key);
  }
  if (file->ends_with('\n')) file->pop_back();
  auto parsed = audit::VerifierKey::Parse(*file);
  if (!parsed.ok()) return InFile(key, parsed.status());
  return parsed;
}

}  // namespace forbear::logexport
