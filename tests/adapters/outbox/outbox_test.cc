#include "adapters/outbox/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "nlohmann/json.hpp"
#include "tests/engine/orchestrator/house.h"

namespace forbear::house {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone afterwards.
struct Folder {
  Folder() {
    std::string name = fs::temp_directory_path() / "forbear-outbox-XXXXXX";
    FORBEAR_CHECK(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string path;
};

nlohmann::json ReadJson(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

// Hands every message to the outbox twice, as no dispatcher ever does.
struct Twice : ChannelAdapter {
  explicit Twice(ChannelAdapter& its_inner) : inner(its_inner) {}
  Delivery Send(const Reservation& reservation, const Outgoing& outgoing,
                std::chrono::milliseconds timeout) override {
    inner.Send(reservation, outgoing, timeout);
    return inner.Send(reservation, outgoing, timeout);
  }
  ChannelAdapter& inner;
};

// A reservation comes only from the dispatcher, so the outbox is tried behind one.
struct Sending {
  explicit Sending(ChannelAdapter& adapter) {
    house.orchestrator = std::make_unique<Orchestrator>(OrchestratorParts{
        house.store, house.clock, house.randomness, {{Channel::kEmail, &adapter}}});
    FORBEAR_CHECK(house.orchestrator->Start().ok());
    submitted = house.Submit(Item("A-1", "B-1"));
    round = house.orchestrator->RunOnce();
  }
  House house;
  CommandResult submitted;
  Round round;
};

const HandClock kClock(kNoon);

TEST(Outbox, LeavesOneFileForACall) {
  const Folder folder;
  const auto outbox = Outbox::Open(folder.path, kClock).value();
  Sending sending(*outbox);
  EXPECT_EQ(sending.round.sent, 1u);
  const std::string attempt =
      sending.house.Entries("attempt.settled").at(0).Ref("attempt")->AsString();
  ASSERT_THAT(folder.Files(), testing::ElementsAre(attempt + ".1"));
  const nlohmann::json json = ReadJson(folder.path + "/" + attempt + ".1");
  EXPECT_EQ(json["attempt"], attempt);
  EXPECT_EQ(json["call"], 1);
  EXPECT_EQ(json["tenant"], "lender");
  EXPECT_EQ(json["borrower"], sending.submitted.borrower.Hex());
  EXPECT_EQ(json["accounts"][0], sending.submitted.account.Hex());
  EXPECT_EQ(json["channel"], "email");
  EXPECT_EQ(json["address"], "B-1@example.com");
  EXPECT_EQ(json["addressee"], "Ada Example");
  EXPECT_EQ(json["text"], "Ada Example: USD 1,234.56 was due on 2026-01-26. Lender Ltd");
  EXPECT_EQ(json["reserved_at"], "2026-03-02T17:00:00Z");
  EXPECT_EQ(json["sent_at"], "2026-03-02T17:00:00Z");
}

TEST(Outbox, ShowsASecondCallForOneAttempt) {
  const Folder folder;
  const auto outbox = Outbox::Open(folder.path, kClock).value();
  Twice twice(*outbox);
  Sending sending(twice);
  const std::vector<std::string> files = folder.Files();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_TRUE(files[0].ends_with(".1"));
  EXPECT_TRUE(files[1].ends_with(".2"));
  EXPECT_EQ(files[0].substr(0, 32), files[1].substr(0, 32));
}

TEST(Outbox, KeepsItsFilesToItself) {
  const Folder folder;
  const std::string inner = folder.path + "/outbox";
  const auto outbox = Outbox::Open(inner, kClock, Outbox::Sync::kEachFile).value();
  Sending sending(*outbox);
  struct stat status {};
  ASSERT_EQ(stat(inner.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const auto& entry : fs::directory_iterator(inner)) {
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
}

TEST(Outbox, RefusesWhenNoFileCanBeMade) {
  const Folder folder;
  const std::string inner = folder.path + "/outbox";
  const auto outbox = Outbox::Open(inner, kClock).value();
  fs::remove(inner);
  Sending sending(*outbox);
  EXPECT_EQ(sending.round.released, 1u) << "nothing left, so it stops counting";
  EXPECT_EQ(sending.house.Entries("attempt.released").at(0).Word("reason"), "refused");
}

TEST(Outbox, NeedsAFolder) {
  const Folder folder;
  EXPECT_EQ(Outbox::Open(folder.path + "/no/such", kClock).status().code(),
            absl::StatusCode::kFailedPrecondition);
  std::ofstream(folder.path + "/file") << "x";
  EXPECT_EQ(Outbox::Open(folder.path + "/file", kClock).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace forbear::house
