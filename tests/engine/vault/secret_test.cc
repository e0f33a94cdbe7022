// Keys in locked memory.
#include "engine/vault/secret.h"

#include <fstream>
#include <sstream>
#include <type_traits>

namespace forbear::vault {
namespace {

static_assert(!std::is_copy_constructible_v<SecretKey>);
static_assert(!std::is_copy_assignable_v<SecretKey>);
static_assert(std::is_nothrow_move_constructible_v<SecretKey>);

Bytes32 Filled(uint8_t value) {
  Bytes32 bytes;
  bytes.fill(value);
  return bytes;
}

TEST(SecretKey, HoldsWhatItWasGivenAndMovesWithoutCopying) {
  SecretKey key = SecretKey::Copy(Filled(7));
  const uint8_t* const place = key.data();
  EXPECT_EQ(key.bytes(), Filled(7));
  SecretKey moved = std::move(key);
  EXPECT_EQ(moved.data(), place);
  SecretKey other = SecretKey::Copy(Filled(9));
  other = std::move(moved);
  EXPECT_EQ(other.data(), place);
  EXPECT_EQ(other.bytes(), Filled(7));
}

TEST(SecretKey, K3IsWipedWhenItGoes) {
  const uint8_t* place = nullptr;
  {
    const SecretKey key = SecretKey::Copy(Filled(0xa5));
    place = key.data();
  }
  // The slot belongs to the arena, which is never taken down, so it may be looked at.
  for (size_t i = 0; i < kKeyBytes; ++i) EXPECT_EQ(place[i], 0) << i;
}

TEST(SecretKey, KeysDoNotShareMemory) {
  std::vector<SecretKey> keys;
  for (int i = 0; i < 5000; ++i) {
    keys.push_back(SecretKey::Copy(Filled(static_cast<uint8_t>(i))));
  }
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(keys[static_cast<size_t>(i)].bytes(), Filled(static_cast<uint8_t>(i)));
  }
}

// The flags that the system keeps for the memory at `place` (proc(5), VmFlags).
std::string FlagsAt(const void* place) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool here = false;
  while (std::getline(maps, line)) {
    unsigned long from = 0, to = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> from >> dash >> to && dash == '-') {
      const auto at = reinterpret_cast<unsigned long>(place);
      here = from <= at && at < to;
    } else if (here && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

TEST(SecretKey, X4StaysOutOfCoreFilesAndOutOfTheSwap) {
  const SecretKey key = SecretKey::Copy(Filled(1));
  const std::string flags = FlagsAt(key.data());
  if (flags.empty()) GTEST_SKIP() << "this system tells nothing of its memory";
  EXPECT_THAT(flags, testing::HasSubstr(" dd "));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // The sanitizers answer mlock themselves, and lock nothing.
#else
  EXPECT_EQ(flags.find(" lo ") != std::string::npos, LockedMemory().ok()) << flags;
#endif
}

}  // namespace
}  // namespace forbear::vault
