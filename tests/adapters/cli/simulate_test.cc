// `policy simulate`: recorded contacts under two small folders of packs, for a made-up place whose
// clock is UTC.
#include "adapters/cli/simulate_command.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/cli/exit_codes.h"
#include "engine/model/status.h"
#include "tests/adapters/logexport/folder.h"

namespace forbear::cli {
namespace {

using logexport::Folder;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kNoEmail =
    "  - {id: xa.no-email, applies: {channels: email}, kind: third_party, bars: contact, "
    "cites: [x]}\n";

// Contact from `from` to `until`, and whatever other rules.
std::string Pack(const std::string& from, const std::string& until, const std::string& more = "") {
  return "pack: xa\ntitle: Made up\njurisdiction: XA\nrules:\n"
         "  - id: xa.hours\n"
         "    contact_hours: {windows: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '" +
         from + "', to: '" + until + "'}]}\n    cites: [x]\n" + more;
}

void Write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A folder of policies with no house rules.
class Policies {
 public:
  explicit Policies(const std::string& pack) {
    Add("xa/xa.yaml", pack);
    Add("places/xa.yaml", "countries: {XA: [Etc/UTC]}\nsubdivisions: {XA-AB: [Etc/UTC]}\n");
    Add("places/phone-prefix-time-zones.txt", "# none\n");
  }
  void Add(const std::string& file, const std::string& text) const { Write(folder_ / file, text); }
  const std::string& path() const { return folder_.path(); }

 private:
  Folder folder_;
};

// An e-mail to Ada Lovelace in XA-AB, at an hour of 11 March 2026.
std::string Question(const std::string& hour, const std::string& history = "") {
  return R"({"facts":{"borrower":{"name":"Ada Lovelace","places":[{"kind":"TIED_TO_HOME",)"
         R"("country":"XA","subdivision":"XA-AB","city":"Saint Omer"}],"contact_points":[)"
         R"({"id":"p1","kind":"POINT_KIND_EMAIL","value":"ada.lovelace@example.org",)"
         R"("source":"POINT_SOURCE_BORROWER"},{"id":"p2","kind":"POINT_KIND_PHONE",)"
         R"("value":"+16145550101","source":"POINT_SOURCE_BORROWER"}]},"accounts":[{"id":"d1",)"
         R"("role":"ROLE_CREDITOR","product":"PRODUCT_CREDIT_CARD","balance":{"minor_units":"1000",)"
         R"("currency":"EUR"},"due_date":"2026-01-02"}],"history":[)" +
         history +
         R"(]},"contact":{"channel":"CHANNEL_EMAIL","contact_point":"p1","accounts":["d1"],)"
         R"("purpose":"PURPOSE_PAYMENT_REMINDER"},"evaluate_time":"2026-03-11T)" +
         hour + ":00:00Z\"}\n";
}

// Ada was in her own street: a place of history may hold anything.
constexpr const char* kWhereabouts =
    R"({"name":"EVENT_NAME_WHEREABOUTS","event_time":"2026-03-10T08:00:00Z","place":)"
    R"({"kind":"TIED_TO_HOME","country":"Ada","subdivision":"Lovelace Street 7"}})";

struct Said {
  int exit_code = -1;
  std::string out, err;
};
Said Simulated(const Policies& before, const Policies& after, const std::string& lines,
               bool as_json) {
  std::istringstream in(lines);
  std::ostringstream out, err;
  const SimulateCall call{.policies = before.path(),
                          .bundle = after.path(),
                          .history = "-",
                          .without_house = true,
                          .json = as_json};
  const int exit_code = RunPolicySimulate(call, in, out, err);
  return {exit_code, out.str(), err.str()};
}

// "+ xa.hours 2"
std::vector<std::string> RulesOf(const json& told) {
  std::vector<std::string> rules;
  for (const json& row : told["by_rule"]) {
    rules.push_back((row["change"] == "newly_denying" ? "+ " : "- ") +
                    row["rule"].get<std::string>() + " " + row["count"].dump());
  }
  return rules;
}

TEST(PolicySimulate, TellsHowEachContactWouldHaveComeOut) {
  const std::string usual = Pack("08:00", "20:00"), barred = Pack("08:00", "20:00", kNoEmail);
  const std::string later = Pack("09:00", "20:00"), afternoon = Pack("12:00", "20:00");
  const struct {
    const char* why;
    std::string before, after, lines;
    std::vector<uint64_t> shifts;  // unchanged, held back, let through, later, sooner
    std::vector<std::string> rules;
  } rows[] = {
      {"nothing changed", usual, usual, Question("10") + Question("03"), {2, 0, 0, 0, 0}, {}},
      {"a rule that holds all back",
       usual,
       barred,
       Question("10"),
       {0, 1, 0, 0, 0},
       {"+ xa.no-email 1"}},
      {"that rule removed", barred, usual, Question("10"), {0, 0, 1, 0, 0}, {"- xa.no-email 1"}},
      {"hours that begin later, at night",
       usual,
       later,
       Question("03"),
       {0, 0, 0, 1, 0},
       {"+ xa.hours 1"}},
      {"and sooner", later, usual, Question("03"), {0, 0, 0, 0, 1}, {"- xa.hours 1"}},
      {"hours that begin later, in the morning",
       usual,
       afternoon,
       Question("10"),
       {0, 1, 0, 0, 0},
       {"+ xa.hours 1"}},
      {"and sooner, in the morning",
       afternoon,
       usual,
       Question("10"),
       {0, 0, 1, 0, 0},
       {"- xa.hours 1"}},
      {"never is later than any hour, and the hours are not to blame",
       usual,
       barred,
       Question("03"),
       {0, 0, 0, 1, 0},
       {"+ xa.no-email 1"}},
      {"an hour is sooner than never",
       barred,
       usual,
       Question("03"),
       {0, 0, 0, 0, 1},
       {"- xa.no-email 1"}},
      {"denied for one reason more is denied all the same",
       barred,
       Pack("12:00", "20:00", kNoEmail),
       Question("10"),
       {1, 0, 0, 0, 0},
       {}},
      {"each contact at the instant at which it opens",
       barred,
       later,
       Question("08") + Question("08") + Question("10") + Question("21"),
       {0, 0, 1, 0, 3},
       {"- xa.no-email 4"}},
      {"counts before ids",
       usual,
       afternoon + kNoEmail,
       Question("10") + Question("13"),
       {0, 2, 0, 0, 0},
       {"+ xa.no-email 2", "+ xa.hours 1"}},
  };
  for (const auto& row : rows) {
    const Policies before(row.before), after(row.after);
    const Said said = Simulated(before, after, row.lines, true);
    ASSERT_EQ(said.exit_code, kOk) << row.why << ": " << said.err;
    const json told = json::parse(said.out);
    const std::vector<uint64_t> shifts{told["unchanged"], told["newly_held_back"],
                                       told["newly_let_through"], told["later"], told["sooner"]};
    EXPECT_EQ(shifts, row.shifts) << row.why << ": " << said.out;
    EXPECT_EQ(RulesOf(told), row.rules) << row.why << ": " << said.out;
    EXPECT_EQ(told["not_judged"], 0) << row.why;
    EXPECT_EQ(told["before"] == told["after"], row.before == row.after) << row.why;
  }
}

TEST(PolicySimulate, APackThatOnlyTheOtherFolderHasSimplyBinds) {
  const Policies before(Pack("08:00", "20:00")), after(Pack("08:00", "20:00"));
  after.Add("xa/xa-ab.yaml",
            "pack: xa-ab\ntitle: A part\njurisdiction: XA-AB\nrules:\n"
            "  - {id: xa-ab.no-email, applies: {channels: email}, "
            "kind: third_party, bars: contact, cites: [x]}\n");
  const json told = json::parse(Simulated(before, after, Question("10"), true).out);
  EXPECT_THAT(RulesOf(told), ElementsAre("+ xa-ab.no-email 1"));
  ASSERT_EQ(told["by_place"].size(), 2u) << told.dump(1);
  EXPECT_EQ(told["by_place"][0]["place"], "XA");
  EXPECT_EQ(told["by_place"][1]["place"], "XA-AB");
  EXPECT_EQ(told["by_place"][1]["newly_held_back"], 1);
  ASSERT_EQ(told["by_channel"].size(), 1u);
  EXPECT_EQ(told["by_channel"][0]["channel"], "email");
}

TEST(PolicySimulate, SaysItInTextInItsOrder) {
  const Policies before(Pack("08:00", "20:00")), after(Pack("09:00", "20:00", kNoEmail));
  const Said said = Simulated(before, after, Question("10") + "hello\n" + Question("03"), false);
  EXPECT_EQ(said.exit_code, kOk);
  EXPECT_TRUE(said.err.empty()) << said.err;
  const char* const parts[] = {
      "judged 2 of 3 (66.6 %); 1 could not be:\n  line 2: no JSON at byte 1\nbundle sha256:",
      "\nunchanged                   0\nnewly held back             1   allowed →",
      "\nlater                       1   ",
      "\nby rule (+ newly denying, - no longer denying)\n  +        2  xa.no-email\n"
      "  +        1  xa.hours\n",
      "\nby place",
      "\n  XA                        2            1            0            1            0\n",
      "\nby channel",
      "\n  email ",
      "\nexamples, 2 of 2\n"
      "  line 1, email: allowed → denied; + xa.no-email\n"
      "  line 3, email: deferred to 2026-03-11T08:00:00Z → denied; + xa.hours, + xa.no-email\n",
  };
  size_t at = 0;
  for (const char* part : parts) {
    const size_t found = said.out.find(part, at);
    ASSERT_NE(found, std::string::npos) << "no " << part << "\nafter byte " << at << " of\n"
                                        << said.out;
    at = found;
  }
}

TEST(PolicySimulate, WithNothingChangedSaysSoAndStops) {
  const Policies policies(Pack("08:00", "20:00"));
  const Said said = Simulated(policies, policies, Question("10"), false);
  EXPECT_EQ(said.exit_code, kOk);
  EXPECT_THAT(said.out,
              HasSubstr("judged 1 of 1 (100.0 %)\nthe bundles are one and the same, sha"));
  EXPECT_THAT(said.out, HasSubstr("\nunchanged                   1\n"));
  EXPECT_THAT(said.out, Not(HasSubstr("by rule")));
}

TEST(PolicySimulate, NamesTenLinesThatCouldNotBeJudgedAndCountsTheRest) {
  const Policies policies(Pack("08:00", "20:00"));
  std::string lines = "{\"account_id\":\"00\",\"evaluate_time\":\"2026-03-11T10:00:00Z\"}\n";
  for (int i = 0; i < 12; ++i) lines += "hello\n";
  lines += Question("10");
  const Said said = Simulated(policies, policies, lines, false);
  EXPECT_EQ(said.exit_code, kOk) << "one line was judged";
  EXPECT_THAT(said.out,
              HasSubstr("judged 1 of 14 (7.1 %); 13 could not be:\n  line 1: `facts` is "));
  EXPECT_THAT(said.out, HasSubstr("\n  line 10: no JSON at byte 1\n  … and 3 more\n"));
  EXPECT_THAT(said.out, Not(HasSubstr("line 11")));
  const json told = json::parse(Simulated(policies, policies, lines, true).out);
  EXPECT_EQ(told["lines"], 14);
  EXPECT_EQ(told["judged"], 1);
  EXPECT_EQ(told["not_judged"], 13);
  ASSERT_EQ(told["not_judged_examples"].size(), 10u);
  EXPECT_EQ(told["not_judged_examples"][9]["line"], 10);
}

TEST(PolicySimulate, FailsWhenNothingCouldBeJudged) {
  const Policies policies(Pack("08:00", "20:00"));
  for (const char* lines : {"", "hello\n", "\n\n"}) {
    for (const bool as_json : {false, true}) {
      const Said said = Simulated(policies, policies, lines, as_json);
      EXPECT_EQ(said.exit_code, kFailed) << lines;
      EXPECT_THAT(said.err, HasSubstr("forbear: policy simulate: --history -: no line could be"));
      EXPECT_THAT(said.out, HasSubstr(as_json ? "\"judged\": 0," : "judged 0 of ")) << lines;
    }
  }
  EXPECT_THAT(Simulated(policies, policies, "", false).out, HasSubstr("judged 0 of 0\n"));
}

TEST(PolicySimulate, NamesTwentyExamples) {
  const Policies before(Pack("08:00", "20:00")), after(Pack("08:00", "20:00", kNoEmail));
  std::string lines;
  for (int i = 0; i < 25; ++i) lines += Question("10");
  const json told = json::parse(Simulated(before, after, lines, true).out);
  EXPECT_EQ(told["newly_held_back"], 25);
  ASSERT_EQ(told["examples"].size(), 20u);
  EXPECT_EQ(told["examples"][19]["line"], 20);
  EXPECT_THAT(Simulated(before, after, lines, false).out, HasSubstr("\nexamples, 20 of 25\n"));
}

TEST(PolicySimulate, TheJsonFormHasTheSameData) {
  const Policies before(Pack("08:00", "20:00")), after(Pack("09:00", "20:00"));
  const json told = json::parse(Simulated(before, after, Question("03"), true).out);
  std::vector<std::string> names;
  for (const auto& [name, value] : told.items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("after", "before", "by_channel", "by_place", "by_rule", "examples",
                                 "judged", "later", "lines", "newly_held_back", "newly_let_through",
                                 "not_judged", "not_judged_examples", "sooner", "unchanged"));
  ASSERT_EQ(told["examples"].size(), 1u);
  EXPECT_EQ(
      told["examples"][0],
      json::parse(R"({"line":1,"channel":"email","shift":"later","before":{"answer":"deferred",)"
                  R"("next_allowed_time":"2026-03-11T08:00:00Z"},"after":{"answer":"deferred",)"
                  R"("next_allowed_time":"2026-03-11T09:00:00Z"},"change":"newly_denying",)"
                  R"("rules":["xa.hours"]})"));
}

TEST(PolicySimulate, PrintsNothingPersonal) {
  const Policies before(Pack("08:00", "20:00")), after(Pack("08:00", "20:00", kNoEmail));
  std::string spoiled = Question("10");
  spoiled.replace(spoiled.find("TIED_TO_HOME"), 12, "Ada Lovelace, +16145550101");
  const std::string lines = Question("10") + Question("10", kWhereabouts) + spoiled +
                            "{\"Ada (Lovelace)\": 1}\n{\"(Ada Lovelace)\": 1}\n"
                            "{\"(facts.Lovelace)\": 1}\n{\"Ada\": {\"facts\": \"Lovelace\"}}\n";
  for (const bool as_json : {false, true}) {
    const Said said = Simulated(before, after, lines, as_json);
    EXPECT_EQ(said.exit_code, kOk);
    for (const char* personal : {"Ada", "ada.", "Lovelace", "6145550101", "example.org", "Omer"}) {
      EXPECT_THAT(said.out + said.err, Not(HasSubstr(personal)));
    }
  }
  const json told = json::parse(Simulated(before, after, lines, true).out);
  EXPECT_EQ(told["newly_held_back"], 2) << "a strange place in history is no fault of the line";
  EXPECT_EQ(told["not_judged"], 5);
}

TEST(PolicySimulate, RefusesWrongUse) {
  const Policies good(Pack("08:00", "20:00"));
  const Policies bad(
      "pack: xa\ntitle: x\njurisdiction: XA\nrules:\n  - {id: xa.a, frequency_capp: 1}\n");
  const Folder folder;
  const std::string history = folder / "history.jsonl";
  Write(history, Question("10"));
  const struct {
    const char* why;
    std::string policies, bundle, history;
    bool without_house;
    const char* says;
  } rows[] = {
      {"no such folder in force", "/nowhere", good.path(), history, true, "`/nowhere`"},
      {"no such folder to try", good.path(), "/nowhere", history, true, "`/nowhere`"},
      {"packs with a fault", good.path(), bad.path(), history, true, "xa/xa.yaml:5:"},
      {"no house rules", good.path(), good.path(), history, false, "house.yaml"},
      {"no such history", good.path(), good.path(), folder / "none", true, "no such file"},
      {"an exported log", good.path(), good.path(), folder.path(), true,
       "lines of requests are wanted"},
  };
  for (const auto& row : rows) {
    std::istringstream in;
    std::ostringstream out, err;
    const SimulateCall call{.policies = row.policies,
                            .bundle = row.bundle,
                            .history = row.history,
                            .without_house = row.without_house};
    EXPECT_EQ(RunPolicySimulate(call, in, out, err), kWrongUse) << row.why;
    EXPECT_THAT(err.str(), testing::StartsWith("forbear: policy simulate: ")) << row.why;
    EXPECT_THAT(err.str(), HasSubstr(row.says)) << row.why;
    EXPECT_TRUE(out.str().empty()) << row.why;
  }
  std::istringstream in;
  std::ostringstream out, err;
  const SimulateCall call{
      .policies = good.path(), .bundle = good.path(), .history = history, .without_house = true};
  EXPECT_EQ(RunPolicySimulate(call, in, out, err), kOk) << err.str();
}

}  // namespace
}  // namespace forbear::cli
