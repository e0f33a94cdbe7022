#include "engine/audit/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/model/status.h"

namespace forbear::audit {
namespace {

// One SHA-256 context, started again for each message. EVP_MD_fetch looks the algorithm up once:
// asking EVP_sha256() each time makes OpenSSL 3 look it up at every start.
class Hasher {
 public:
  Hasher() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    FORBEAR_CHECK(algorithm_ != nullptr && context_ != nullptr);
    FORBEAR_CHECK(EVP_DigestInit_ex2(context_, algorithm_, nullptr) == 1);
  }
  ~Hasher() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Add(const void* bytes, size_t size) {
    FORBEAR_CHECK(EVP_DigestUpdate(context_, bytes, size) == 1);
  }
  // The digest of all that was added, ready for the next message.
  Bytes32 Take() {
    Bytes32 digest;
    FORBEAR_CHECK(EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1);
    FORBEAR_CHECK(EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1);
    return digest;
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

Hasher& ThreadHasher() {
  thread_local Hasher hasher;
  return hasher;
}

constexpr size_t kShaBlock = 64;  // bytes SHA-256 takes at a time (FIPS 180-4)

}  // namespace

Bytes32 Sha256(std::string_view bytes) {
  Hasher& hasher = ThreadHasher();
  hasher.Add(bytes.data(), bytes.size());
  return hasher.Take();
}

Bytes32 LeafHash(std::string_view entry) {
  Hasher& hasher = ThreadHasher();
  const uint8_t prefix = 0;
  hasher.Add(&prefix, 1);
  hasher.Add(entry.data(), entry.size());
  return hasher.Take();
}

Bytes32 NodeHash(const Bytes32& left, const Bytes32& right) {
  std::array<uint8_t, 65> node;
  node[0] = 1;
  std::memcpy(node.data() + 1, left.data(), left.size());
  std::memcpy(node.data() + 33, right.data(), right.size());
  Hasher& hasher = ThreadHasher();
  hasher.Add(node.data(), node.size());
  return hasher.Take();
}

Bytes32 HmacSha256(const Bytes32& key, std::string_view bytes) {
  std::array<uint8_t, kShaBlock> pad;
  Hasher& hasher = ThreadHasher();
  for (size_t i = 0; i < kShaBlock; ++i) {
    pad[i] = static_cast<uint8_t>((i < key.size() ? key[i] : 0) ^ 0x36);
  }
  hasher.Add(pad.data(), pad.size());
  hasher.Add(bytes.data(), bytes.size());
  const Bytes32 inner = hasher.Take();
  for (uint8_t& byte : pad) byte = static_cast<uint8_t>(byte ^ 0x36 ^ 0x5c);
  hasher.Add(pad.data(), pad.size());
  hasher.Add(inner.data(), inner.size());
  const Bytes32 mac = hasher.Take();
  explicit_bzero(pad.data(), pad.size());
  return mac;
}

Bytes32 EmptyRoot() { return Sha256({}); }

Bytes32 AsBytes32(std::string_view raw) {
  FORBEAR_CHECK(raw.size() == 32);
  Bytes32 bytes;
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return bytes;
}

}  // namespace forbear::audit
