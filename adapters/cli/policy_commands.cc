#include "adapters/cli/policy_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "adapters/cli/calendar_command.h"
#include "adapters/cli/explain_command.h"
#include "adapters/cli/packs_command.h"
#include "adapters/cli/simulate_command.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/scenario.h"
#include "adapters/yaml/unreachable.h"
#include "adapters/zones/zones.h"
#include "engine/policy/bundle.h"

namespace forbear::cli {
namespace {

// Errors that already stand as FILE:LINE:COLUMN, each on its own line.
void PrintFaults(std::string_view text, std::ostream& err) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    err << "forbear: " << text.substr(0, end) << "\n";
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

int ExitFor(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kWrongUse : kFailed;
}

struct Fact {
  std::string id, jurisdiction;
};

// Ids and places of the facts in a policies directory. The files are prose for people; only the
// two keys that begin an entry are read.
std::vector<Fact> ReadFacts(const std::string& directory) {
  std::vector<Fact> facts;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/facts", error)) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("- id: ")) {
        facts.push_back({line.substr(6), ""});
      } else if (line.starts_with("  jurisdiction: ") && !facts.empty()) {
        facts.back().jurisdiction = line.substr(16);
      }
    }
  }
  return facts;
}

struct Loaded {
  yaml::LoadedPolicies policies;
  policy::Surroundings surroundings;
};

absl::StatusOr<Loaded> Load(const std::string& directory, bool with_overlay) {
  absl::StatusOr<yaml::LoadedPolicies> policies = yaml::LoadPolicies(directory, with_overlay);
  if (!policies.ok()) return policies.status();
  const auto zones = LoadZones();
  if (!zones.ok()) return zones.status();
  Loaded loaded{*policies, {policies->bundle, *zones, policies->places}};
  return loaded;
}

// Reads scenario files into one list; false after faults, which were printed.
bool ReadAll(const std::vector<std::string>& paths, const yaml::LoadedPolicies& policies,
             std::vector<std::unique_ptr<yaml::Scenario>>* scenarios, std::ostream& err) {
  bool good = true;
  std::map<std::string, std::string> ids;
  for (const std::string& path : paths) {
    const absl::StatusOr<std::string> text = yaml::ReadFile(path);
    if (!text.ok()) {
      err << "forbear: " << text.status().message() << "\n";
      good = false;
      continue;
    }
    yaml::Faults faults(path);
    auto read = yaml::ReadScenarios(*text, yaml::FormOf(path), &faults, *policies.phone_prefixes, *policies.places);
    for (auto& scenario : read) {
      const auto [at, fresh] = ids.emplace(scenario->id, path);
      if (!fresh && at->second != path) {
        faults.AddAt(scenario->line, 1, "scenario `" + scenario->id + "` stands also in " +
                                            at->second + "; ids are unique over all files of a run");
      }
      scenarios->push_back(std::move(scenario));
    }
    for (const std::string& line : faults.lines()) err << "forbear: " << line << "\n";
    good = good && faults.empty();
  }
  return good;
}

void PrintRun(const yaml::ScenarioRun& run, bool json, std::ostream& out) {
  if (json) {
    nlohmann::json document;
    document["passed"] = run.passed;
    document["failed"] = run.failed;
    document["skipped"] = run.skipped;
    document["lines"] = run.lines;
    out << document.dump(2) << "\n";
    return;
  }
  for (const std::string& line : run.lines) out << line << "\n";
  out << run.passed << " passed, " << run.failed << " failed";
  if (run.skipped > 0) out << ", " << run.skipped << " skipped";
  out << "\n";
}

// Scenarios beside packs, run; house rules only for their own file.
bool RunBesidePacks(const std::string& directory, yaml::ScenarioRun* run, std::ostream& err,
                    absl::Status* status) {
  for (const bool with_overlay : {false, true}) {
    const absl::StatusOr<Loaded> loaded = Load(directory, with_overlay);
    if (!loaded.ok()) {
      *status = loaded.status();
      return false;
    }
    std::vector<std::string> paths;
    for (const std::string& file : loaded->policies.scenario_files) {
      if ((file == "house.scenarios.yaml") == with_overlay) paths.push_back(directory + "/" + file);
    }
    std::vector<std::unique_ptr<yaml::Scenario>> scenarios;
    if (!ReadAll(paths, loaded->policies, &scenarios, err)) {
      *status = absl::InvalidArgumentError("scenario files have faults");
      return false;
    }
    yaml::RunScenarios(scenarios, loaded->surroundings, loaded->policies.places_without_pack, run);
  }
  return true;
}

// A zone that the system does not know closes a place for good; better said here.
void CheckZones(const Loaded& loaded, std::vector<std::string>* faults) {
  const auto check = [&](const std::string& what, const std::string& zone) {
    if (loaded.surroundings.zones->Find(zone) == nullptr) {
      faults->push_back(what + ": unknown time zone `" + zone + "`; use a name of the IANA database");
    }
  };
  for (const auto& [code, zones] : loaded.policies.places->countries) {
    for (const std::string& zone : zones) check("places: `" + code + "`", zone);
  }
  for (const auto& [code, subdivision] : loaded.policies.places->subdivisions) {
    for (const std::string& zone : subdivision.zones) check("places: `" + code + "`", zone);
    for (const PostalZones& postal : subdivision.postal) {
      for (const std::string& zone : postal.zones) {
        check("places: `" + code + "` postal " + postal.prefix, zone);
        if (!std::binary_search(subdivision.zones.begin(), subdivision.zones.end(), zone)) {
          faults->push_back("places: `" + code + "` postal " + postal.prefix + ": `" + zone +
                            "` is no zone of the subdivision; mend one of them");
        }
      }
    }
  }
}

// A year that a calendar does not reach is all holidays.
void CheckCalendars(const policy::Bundle& bundle, std::vector<std::string>* faults) {
  constexpr date::days kNotice{90};
  const auto now = date::floor<date::days>(std::chrono::system_clock::now()) + kNotice;
  const int year = static_cast<int>(date::year_month_day{now}.year());
  for (const auto& [name, calendar] : bundle.calendars()) {
    if (calendar.last_year < year) {
      faults->push_back("calendar `" + name + "` ends with " + std::to_string(calendar.last_year) +
                        ", less than 90 days from now; add the next years");
    }
  }
}

// Rules that stand there and protect nobody.
void CheckReach(const std::string& directory, const std::vector<std::string>& files,
                std::vector<std::string>* faults) {
  for (const std::string& file : files) {
    const std::string path = directory + "/" + file;
    const absl::StatusOr<std::string> text = yaml::ReadFile(path);
    if (!text.ok()) {
      faults->push_back(std::string(text.status().message()));
      continue;
    }
    yaml::Faults found(path);
    yaml::FindUnreachable(*text, &found);
    faults->insert(faults->end(), found.lines().begin(), found.lines().end());
  }
}

}  // namespace

int RunPolicyLint(const std::string& directory, bool json, std::ostream& out, std::ostream& err) {
  const absl::StatusOr<Loaded> loaded = Load(directory, true);
  if (!loaded.ok()) {
    PrintFaults({loaded.status().message().data(), loaded.status().message().size()}, err);
    return absl::IsNotFound(loaded.status()) ? kWrongUse : kFailed;
  }
  std::vector<std::string> faults;
  const auto at = [](const policy::SourceMark& mark) {
    return mark.file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
  };
  const policy::Bundle& bundle = *loaded->policies.bundle;
  const std::vector<Fact> facts = ReadFacts(directory);
  std::set<std::string> fact_ids;
  for (const Fact& fact : facts) fact_ids.insert(fact.id);

  yaml::ScenarioRun run;
  absl::Status status;
  if (!RunBesidePacks(directory, &run, err, &status)) return kFailed;

  CheckZones(*loaded, &faults);
  CheckCalendars(bundle, &faults);
  CheckReach(directory, loaded->policies.pack_files, &faults);
  int rules = 0;
  for (const policy::Pack& pack : bundle.packs()) {
    std::set<std::string> accounted;
    bool hours = false;
    for (const policy::Rule& rule : pack.rules) {
      ++rules;
      const auto* row = std::get_if<policy::ContactHours>(&rule.body);
      if (row != nullptr && row->clock.kind == policy::ClockChoice::Kind::kZone &&
          loaded->surroundings.zones->Find(row->clock.zone) == nullptr) {
        faults.push_back(at(rule.mark) + "unknown time zone `" + row->clock.zone +
                         "`; use a name of the IANA database");
      }
      hours = hours || rule.kind == RuleKind::kContactHours;
      for (const std::string& fact : rule.facts) {
        accounted.insert(fact);
        if (pack.name != bundle.overlay() && !fact_ids.contains(fact)) {
          faults.push_back(at(rule.mark) + "rule `" + rule.id + "` encodes `" + fact +
                           "`, which no file under facts/ has; mend `facts`");
        }
      }
      // What no decision reads has nothing to show in a scenario, and what is not in force nothing yet.
      if (std::holds_alternative<policy::Parameters>(rule.body) ||
          rule.status != policy::RuleStatus::kInForce) {
        continue;
      }
      const auto* say = std::get_if<policy::MustSay>(&rule.body);
      const bool only_obliges = say != nullptr && say->when == policy::MustSay::When::kOnRequest;
      if (!run.denied_by.contains(rule.id) && !only_obliges) {
        faults.push_back(at(rule.mark) + "no scenario beside the pack fails on rule `" + rule.id +
                         "`; add one that it denies");
      }
      if (!run.let_pass.contains(rule.id)) {
        faults.push_back(at(rule.mark) + "no scenario beside the pack passes rule `" + rule.id +
                         "`; add one that it looks at and lets through");
      }
    }
    for (const policy::Pack::NotRule& entry : pack.not_rules) {
      accounted.insert(entry.fact);
      if (!fact_ids.contains(entry.fact)) {
        faults.push_back(at(pack.mark) + "`not_rules` names `" + entry.fact +
                         "`, which no file under facts/ has; mend it");
      }
    }
    for (const Fact& fact : facts) {
      if (fact.jurisdiction == pack.jurisdiction && !accounted.contains(fact.id)) {
        faults.push_back(at(pack.mark) + "fact `" + fact.id +
                         "` is in no rule's `facts` and not in `not_rules`; add it to one");
      }
    }
    if (!hours && pack.parents.empty()) {
      faults.push_back(at(pack.mark) + "pack `" + pack.name +
                       "` has no contact_hours rule; add one or say in house rules what holds");
    }
  }
  for (const std::string& line : run.lines) {
    if (line.find(": expected ") != std::string::npos) faults.push_back("scenario " + line);
  }
  for (const std::string& fault : faults) err << "forbear: " << fault << "\n";
  if (json) {
    nlohmann::json document;
    document["packs"] = bundle.packs().size();
    document["rules"] = rules;
    document["bundle"] = bundle.digest();
    document["faults"] = faults;
    out << document.dump(2) << "\n";
  } else {
    out << bundle.packs().size() << " packs, " << rules << " rules, " << faults.size()
        << (faults.size() == 1 ? " fault" : " faults") << "; bundle " << bundle.digest() << "\n";
  }
  return faults.empty() ? kOk : kFailed;
}

int RunPolicyTest(const std::string& directory, bool json, std::ostream& out, std::ostream& err) {
  yaml::ScenarioRun run;
  absl::Status status;
  if (!RunBesidePacks(directory, &run, err, &status)) {
    PrintFaults({status.message().data(), status.message().size()}, err);
    return ExitFor(status);
  }
  const absl::StatusOr<Loaded> loaded = Load(directory, true);
  if (loaded.ok() && !json) {
    for (const policy::Pack& pack : loaded->policies.bundle->packs()) {
      for (const policy::Rule& rule : pack.rules) {
        const auto count = [&](const std::map<std::string, int>& counts) {
          const auto found = counts.find(rule.id);
          return found == counts.end() ? 0 : found->second;
        };
        out << rule.id << ": let pass " << count(run.let_pass) << ", denied "
            << count(run.denied_by) << "\n";
      }
    }
  }
  PrintRun(run, json, out);
  return run.failed == 0 ? kOk : kFailed;
}

int RunConformance(const std::vector<std::string>& files, const std::string& policies, bool json,
                   std::ostream& out, std::ostream& err) {
  const absl::StatusOr<Loaded> loaded = Load(policies, false);
  if (!loaded.ok()) {
    PrintFaults({loaded.status().message().data(), loaded.status().message().size()}, err);
    return kWrongUse;
  }
  std::vector<std::unique_ptr<yaml::Scenario>> scenarios;
  // A file that does not fit the form: nothing is run.
  if (!ReadAll(files, loaded->policies, &scenarios, err)) return kWrongUse;
  yaml::ScenarioRun run;
  yaml::RunScenarios(scenarios, loaded->surroundings, loaded->policies.places_without_pack, &run);
  PrintRun(run, json, out);
  return run.failed == 0 ? kOk : kFailed;
}

void AddPolicyCommands(CLI::App& app, int* exit_code) {
  CLI::App* group = app.add_subcommand("policy", "check and try packs of rules");
  group->require_subcommand(1);
  AddCalendarCommand(*group, exit_code);
  AddExplainCommand(*group, exit_code);
  AddPacksCommands(*group, exit_code);
  AddSimulateCommand(*group, exit_code);
  for (const bool lint : {true, false}) {
    CLI::App* command = group->add_subcommand(
        lint ? "lint" : "test", lint ? "check packs; one fault a line, with file, line and column"
                                     : "run the scenarios beside the packs");
    auto directory = std::make_shared<std::string>("policies");
    auto format = std::make_shared<std::string>("text");
    command->add_option("DIR", *directory, "a policies directory")->capture_default_str();
    command->add_option("--format", *format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    command->callback([=] {
      const auto run = lint ? RunPolicyLint : RunPolicyTest;
      *exit_code = run(*directory, *format == "json", std::cout, std::cerr);
    });
  }
}

void AddConformanceCommand(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("conformance", "run scenario files: one line for each disagreement");
  auto files = std::make_shared<std::vector<std::string>>();
  auto policies = std::make_shared<std::string>("policies");
  auto format = std::make_shared<std::string>("text");
  command->add_option("FILE", *files, "scenario files")->required();
  command->add_option("--policies", *policies, "a policies directory")->capture_default_str();
  command->add_option("--format", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([=] {
    *exit_code = RunConformance(*files, *policies, *format == "json", std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
