#include "adapters/cli/packs_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "adapters/cli/exit_codes.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/reader.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

using nlohmann::json;

json ToJson(const yaml::Node& node) {
  switch (node.kind) {
    case yaml::Node::Kind::kNull:
      return nullptr;
    case yaml::Node::Kind::kScalar:
      return node.text;
    case yaml::Node::Kind::kList: {
      json list = json::array();
      for (const yaml::Node& item : node.items) list.push_back(ToJson(item));
      return list;
    }
    case yaml::Node::Kind::kMap:
      break;
  }
  json map = json::object();
  for (const auto& [key, value] : node.members) map[key.text] = ToJson(value);
  return map;
}

struct Packs {
  std::string digest;
  std::map<std::string, json> packs;  // by name, without their rules
  std::map<std::string, json> rules;  // by id
  std::map<std::string, std::string> pack_of;
};

// REQUIRES: nothing of the files; LoadPolicies checks them first.
absl::StatusOr<Packs> Load(const std::string& directory) {
  FORBEAR_ASSIGN_OR_RETURN(const yaml::LoadedPolicies loaded, yaml::LoadPolicies(directory, true));
  Packs packs;
  packs.digest = loaded.bundle->digest();
  for (const std::string& file : loaded.pack_files) {
    FORBEAR_ASSIGN_OR_RETURN(const std::string text, yaml::ReadFile(directory + "/" + file));
    yaml::Faults faults(file);
    json document = ToJson(yaml::Parse(text, &faults));
    FORBEAR_RETURN_IF_ERROR(faults.ToStatus());
    if (!document.contains("pack")) continue;  // a calendar
    const std::string name = document["pack"];
    for (json& rule : document["rules"]) {
      const std::string id = rule["id"];
      packs.pack_of[id] = name;
      packs.rules[id] = std::move(rule);
    }
    document.erase("rules");
    packs.packs[name] = std::move(document);
  }
  return packs;
}

// One way in which two values differ: a path, what was there, what is. Null: not there.
struct Change {
  std::string path;
  json before, after;
};

void Compare(const json& before, const json& after, const std::string& path,
             std::vector<Change>* changes) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : before.items()) {
      const std::string at = path.empty() ? key : path + "." + key;
      Compare(value, after.contains(key) ? after[key] : json(), at, changes);
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key)) {
        changes->push_back({path.empty() ? key : path + "." + key, json(), value});
      }
    }
    return;
  }
  // Lists of one length are told item by item; else as a whole, since nothing says which went.
  if (before.is_array() && after.is_array() && before.size() == after.size() && !before.empty() &&
      before[0].is_object()) {
    for (size_t i = 0; i < before.size(); ++i) {
      Compare(before[i], after[i], path + "[" + std::to_string(i) + "]", changes);
    }
    return;
  }
  changes->push_back({path, before, after});
}

// As a pack writes it, on one line.
std::string Flow(const json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string text;
    for (const json& item : value) text += (text.empty() ? "" : ", ") + Flow(item);
    return "[" + text + "]";
  }
  std::string text;
  for (const auto& [key, item] : value.items()) {
    text += (text.empty() ? "" : ", ") + key + ": " + Flow(item);
  }
  return "{" + text + "}";
}

// Rows that are in one and not the other, or differ.
json Differences(const std::map<std::string, json>& before,
                 const std::map<std::string, json>& after) {
  json rows = json::array();
  for (const auto& [id, was] : before) {
    const auto found = after.find(id);
    if (found == after.end()) {
      rows.push_back({{"id", id}, {"change", "removed"}});
      continue;
    }
    std::vector<Change> changes;
    Compare(was, found->second, "", &changes);
    if (changes.empty()) continue;
    json keys = json::array();
    for (const Change& change : changes) {
      keys.push_back({{"key", change.path}, {"before", change.before}, {"after", change.after}});
    }
    rows.push_back({{"id", id}, {"change", "changed"}, {"keys", std::move(keys)}});
  }
  for (const auto& [id, is] : after) {
    if (!before.contains(id)) rows.push_back({{"id", id}, {"change", "added"}});
  }
  return rows;
}

void PrintRows(const char* what, const json& rows, const Packs& before, const Packs& after,
               std::ostream& out) {
  for (const json& row : rows) {
    const std::string id = row["id"], change = row["change"];
    out << change << " " << what << " " << id;
    if (std::string_view(what) == "rule") {
      const Packs& where = change == "removed" ? before : after;
      out << ", " << where.pack_of.at(id);
      const json& rule = where.rules.at(id);
      const auto cites = rule.find("cites");
      if (cites != rule.end() && cites->is_array() && !cites->empty()) {
        out << ", " << (*cites)[0].value("text", "");
      }
    }
    out << "\n";
    if (change != "changed") continue;
    for (const json& key : row["keys"]) {
      out << "    " << key["key"].get<std::string>() << ": " << Flow(key["before"]) << " → "
          << Flow(key["after"]) << "\n";
    }
  }
}

int Fail(const char* command, const absl::Status& status, std::ostream& err) {
  err << "forbear: policy " << command << ": " << status.message() << "\n";
  return kWrongUse;
}

}  // namespace

int RunPolicyList(const std::string& directory, bool as_json, std::ostream& out,
                  std::ostream& err) {
  const absl::StatusOr<Packs> packs = Load(directory);
  if (!packs.ok()) return Fail("list", packs.status(), err);
  json rows = json::array();
  for (const auto& [name, pack] : packs->packs) {
    std::map<std::string, int> confidence;
    int rules = 0, verified = 0, suggested = 0;
    for (const auto& [id, rule] : packs->rules) {
      if (packs->pack_of.at(id) != name) continue;
      ++rules;
      ++confidence[rule.value("confidence", "low")];
      verified += rule.contains("verified") ? 1 : 0;
      suggested += rule.value("suggested", "false") == "true" ? 1 : 0;
    }
    rows.push_back({{"pack", name},
                    {"place", pack.value("jurisdiction", "")},
                    {"title", pack.value("title", "")},
                    {"rules", rules},
                    {"high", confidence["high"]},
                    {"medium", confidence["medium"]},
                    {"low", confidence["low"]},
                    {"ours", suggested},
                    {"verified", verified}});
  }
  if (as_json) {
    out << json{{"bundle", packs->digest}, {"packs", rows}}.dump(2) << "\n";
    return kOk;
  }
  out << fmt::format("{:<12} {:<10} {:>5}  {:>4} {:>6} {:>3}  {:>4}  {:>8}  {}\n", "pack", "place",
                     "rules", "high", "medium", "low", "ours", "verified", "title");
  for (const json& row : rows) {
    out << fmt::format("{:<12} {:<10} {:>5}  {:>4} {:>6} {:>3}  {:>4}  {:>8}  {}\n",
                       row["pack"].get<std::string>(), row["place"].get<std::string>(),
                       row["rules"].get<int>(), row["high"].get<int>(), row["medium"].get<int>(),
                       row["low"].get<int>(), row["ours"].get<int>(), row["verified"].get<int>(),
                       row["title"].get<std::string>());
  }
  out << "bundle " << packs->digest << "\n"
      << "high, medium, low: how well the facts of law are known. ours: no law gives the number.\n";
  return kOk;
}

int RunPolicyDiff(const std::string& before_directory, const std::string& after_directory,
                  bool as_json, std::ostream& out, std::ostream& err) {
  const absl::StatusOr<Packs> before = Load(before_directory);
  if (!before.ok()) return Fail("diff", before.status(), err);
  const absl::StatusOr<Packs> after = Load(after_directory);
  if (!after.ok()) return Fail("diff", after.status(), err);
  const json packs = Differences(before->packs, after->packs);
  const json rules = Differences(before->rules, after->rules);
  if (as_json) {
    out << json{{"before", before->digest},
                {"after", after->digest},
                {"packs", packs},
                {"rules", rules}}
               .dump(2)
        << "\n";
    return kOk;
  }
  PrintRows("pack", packs, *before, *after, out);
  PrintRows("rule", rules, *before, *after, out);
  std::map<std::string, int> counts;
  for (const json& row : rules) ++counts[row["change"].get<std::string>()];
  out << counts["added"] << " rules added, " << counts["removed"] << " removed, "
      << counts["changed"] << " changed\n";
  if (before->digest == after->digest) {
    out << "the bundles are one and the same, " << after->digest << "\n";
  } else {
    out << "bundle " << before->digest << " → " << after->digest << "\n";
    if (rules.empty() && packs.empty()) out << "calendars differ, or the packs' wording\n";
  }
  return kOk;
}

void AddPacksCommands(CLI::App& policy, int* exit_code) {
  struct Options {
    std::string directory = "policies", other, format = "text";
  };
  const auto with_format = [](CLI::App* command, const std::shared_ptr<Options>& options) {
    command->add_option("--format", options->format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
  };
  {
    const auto options = std::make_shared<Options>();
    CLI::App* list = policy.add_subcommand(
        "list", "packs, the places they are for, and how well their facts are known");
    list->add_option("DIR", options->directory, "a policies directory")->capture_default_str();
    with_format(list, options);
    list->callback([options, exit_code] {
      *exit_code =
          RunPolicyList(options->directory, options->format == "json", std::cout, std::cerr);
    });
  }
  const auto options = std::make_shared<Options>();
  CLI::App* diff =
      policy.add_subcommand("diff", "what changed from one policies directory to another");
  diff->add_option("BEFORE", options->directory, "a policies directory")->required();
  diff->add_option("AFTER", options->other, "another")->required();
  with_format(diff, options);
  diff->callback([options, exit_code] {
    *exit_code = RunPolicyDiff(options->directory, options->other, options->format == "json",
                               std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
