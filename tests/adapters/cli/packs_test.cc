// `policy list` and `policy diff`, on the packs that are here and on changed copies of them.
#include "adapters/cli/packs_command.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/cli/exit_codes.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kPolicies = FORBEAR_SOURCE_DIR "/policies";

class Copy {
 public:
  Copy() : path_(fs::temp_directory_path() / ("forbear-packs-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::copy(kPolicies, path_, fs::copy_options::recursive);
  }
  ~Copy() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }
  // REQUIRES: `from` stands in the file.
  void Replace(const std::string& file, const std::string& from, const std::string& to) const {
    std::ifstream in(path_ / file);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const size_t at = text.find(from);
    FORBEAR_CHECK(at != std::string::npos);
    std::ofstream(path_ / file) << text.replace(at, from.size(), to);
  }

 private:
  fs::path path_;
};

std::string Diff(const std::string& before, const std::string& after, bool as_json = false) {
  std::ostringstream out, err;
  EXPECT_EQ(RunPolicyDiff(before, after, as_json, out, err), kOk) << err.str();
  return out.str();
}

TEST(PolicyList, CountsWhatIsThere) {
  std::ostringstream out, err;
  ASSERT_EQ(RunPolicyList(kPolicies, true, out, err), kOk) << err.str();
  const json list = json::parse(out.str());
  bool federal = false;
  for (const json& pack : list["packs"]) {
    EXPECT_EQ(pack["rules"].get<int>(),
              pack["high"].get<int>() + pack["medium"].get<int>() + pack["low"].get<int>());
    federal |= pack["pack"] == "us" && pack["place"] == "US" && pack["rules"].get<int>() > 10;
  }
  EXPECT_TRUE(federal) << out.str();
}

TEST(PolicyDiff, OfAThingWithItselfIsNothing) {
  EXPECT_THAT(Diff(kPolicies, kPolicies), HasSubstr("0 rules added, 0 removed, 0 changed"));
  EXPECT_THAT(Diff(kPolicies, kPolicies), HasSubstr("one and the same"));
}

TEST(PolicyDiff, NamesTheKeyAndBothValues) {
  const Copy copy;
  copy.Replace("us/us.yaml", "      limit: 7\n", "      limit: 5\n");
  const std::string said = Diff(kPolicies, copy.path());
  EXPECT_THAT(said, HasSubstr("changed rule us.regf.call-cap-7-in-7, us, "));
  EXPECT_THAT(said, HasSubstr("    frequency_cap.limit: 7 → 5\n"));
  EXPECT_THAT(said, HasSubstr("0 rules added, 0 removed, 1 changed"));
  const json both = json::parse(Diff(copy.path(), kPolicies, true));
  ASSERT_EQ(both["rules"].size(), 1u);
  EXPECT_EQ(both["rules"][0]["keys"][0]["before"], "5");
  EXPECT_EQ(both["rules"][0]["keys"][0]["after"], "7");
}

TEST(PolicyDiff, TellsAddedFromRemoved) {
  const Copy copy;
  copy.Replace("house.yaml", "id: house.cease", "id: house.left-alone");
  const std::string said = Diff(kPolicies, copy.path());
  EXPECT_THAT(said, HasSubstr("removed rule house.cease, house"));
  EXPECT_THAT(said, HasSubstr("added rule house.left-alone, house"));
}

TEST(PolicyDiff, OfWhatDoesNotLoadSaysWhere) {
  const Copy copy;
  copy.Replace("us/us.yaml", "frequency_cap:", "frequency_capp:");
  std::ostringstream out, err;
  EXPECT_EQ(RunPolicyDiff(kPolicies, copy.path(), false, out, err), kWrongUse);
  EXPECT_THAT(err.str(), HasSubstr("us/us.yaml:"));
  EXPECT_TRUE(out.str().empty());
}

}  // namespace
}  // namespace forbear::cli
