#include "adapters/cli/simulate_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "adapters/cli/exit_codes.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

constexpr Shift kFlips[] = {Shift::kHeldBack, Shift::kLetThrough, Shift::kLater, Shift::kSooner};

// ---- Text ---------------------------------------------------------------------------------------

// 1,234,567
std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

// Rounded down: while one line is left out it never says 100.
std::string Percent(uint64_t part, uint64_t whole) {
  const uint64_t tenths = part * 1'000 / whole;
  return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string Told(const Simulation::Said& said) {
  std::string text(ToWord(said.answer));
  if (said.next_allowed_at) text += " to " + FormatInstant(*said.next_allowed_at);
  return text;
}

void PrintShare(const Simulation& simulation, std::ostream& out) {
  const uint64_t judged = simulation.all.judged();
  out << "judged " << Grouped(judged) << " of " << Grouped(simulation.lines);
  if (simulation.lines > 0) out << " (" << Percent(judged, simulation.lines) << ")";
  if (simulation.left_out() == 0) {
    out << "\n";
    return;
  }
  out << "; " << Grouped(simulation.left_out()) << " could not be:\n";
  for (const Simulation::NotJudged& each : simulation.not_judged) {
    out << "  line " << each.line << ": " << each.why << "\n";
  }
  const uint64_t more = simulation.left_out() - simulation.not_judged.size();
  if (more > 0) out << "  … and " << Grouped(more) << " more\n";
}

void PrintRow(std::string_view name, const ShiftCounts& counts, std::ostream& out) {
  if (counts.changed() == 0) return;
  out << fmt::format("  {:<16} {:>10}", name, Grouped(counts.judged()));
  for (const Shift shift : kFlips) out << fmt::format(" {:>12}", Grouped(counts.Of(shift)));
  out << "\n";
}

void PrintHead(const char* what, std::ostream& out) {
  out << fmt::format("\n{:<18} {:>10} {:>12} {:>12} {:>12} {:>12}\n", what, "judged", "held back",
                     "let through", "later", "sooner");
}

void PrintText(const Simulation& simulation, std::ostream& out) {
  PrintShare(simulation, out);
  if (simulation.before_digest == simulation.after_digest) {
    out << "the bundles are one and the same, " << simulation.after_digest << "\n";
  } else {
    out << "bundle " << simulation.before_digest << " → " << simulation.after_digest << "\n";
  }
  const struct {
    Shift shift;
    const char* name;
    const char* means;
  } totals[] = {
      {Shift::kUnchanged, "unchanged", ""},
      {Shift::kHeldBack, "newly held back", "allowed → deferred or denied"},
      {Shift::kLetThrough, "newly let through", "deferred or denied → allowed"},
      {Shift::kLater, "later", "still not allowed; opens later, or no more"},
      {Shift::kSooner, "sooner", "still not allowed; opens sooner, or at all"},
  };
  out << "\n";
  for (const auto& total : totals) {
    std::string line =
        fmt::format("{:<18} {:>10}", total.name, Grouped(simulation.all.Of(total.shift)));
    if (*total.means != '\0') line += fmt::format("   {}", total.means);
    out << line << "\n";
  }
  if (simulation.all.changed() == 0) return;

  out << "\nby rule (+ newly denying, - no longer denying)\n";
  for (const Simulation::RuleCount& each : simulation.by_rule) {
    out << fmt::format("  {} {:>8}  {}\n", each.newly ? '+' : '-', Grouped(each.count), each.rule);
  }
  PrintHead("by place", out);
  for (const auto& [place, counts] : simulation.by_place) PrintRow(place, counts, out);
  PrintHead("by channel", out);
  for (const auto& [channel, counts] : simulation.by_channel) {
    PrintRow(ToWord(channel), counts, out);
  }
  out << "\nexamples, " << simulation.examples.size() << " of " << Grouped(simulation.all.changed())
      << "\n";
  for (const Simulation::Example& each : simulation.examples) {
    out << "  line " << each.line << ", " << ToWord(each.channel) << ": " << Told(each.before)
        << " → " << Told(each.after) << ";";
    for (size_t i = 0; i < each.rules.size(); ++i) {
      out << (i == 0 ? " " : ", ") << (each.newly ? "+ " : "- ") << each.rules[i];
    }
    out << "\n";
  }
}

// ---- JSON ---------------------------------------------------------------------------------------

using nlohmann::ordered_json;

const char* ChangeOf(bool newly) { return newly ? "newly_denying" : "no_longer_denying"; }

// A list of the rows that changed, each with what it is called and its counts.
template <typename Counts, typename Name>
ordered_json Rows(const char* key, const Counts& rows, const Name& name) {
  ordered_json list = ordered_json::array();
  for (const auto& [what, counts] : rows) {
    if (counts.changed() == 0) continue;
    ordered_json row;
    row[key] = name(what);
    row["judged"] = counts.judged();
    for (const Shift shift : kFlips) row[std::string(ToWord(shift))] = counts.Of(shift);
    list.push_back(std::move(row));
  }
  return list;
}

ordered_json ToJson(const Simulation::Said& said) {
  ordered_json json;
  json["answer"] = ToWord(said.answer);
  if (said.next_allowed_at) json["next_allowed_time"] = FormatInstant(*said.next_allowed_at);
  return json;
}

void PrintJson(const Simulation& simulation, std::ostream& out) {
  ordered_json json;
  json["lines"] = simulation.lines;
  json["judged"] = simulation.all.judged();
  json["not_judged"] = simulation.left_out();
  json["not_judged_examples"] = ordered_json::array();
  for (const Simulation::NotJudged& each : simulation.not_judged) {
    json["not_judged_examples"].push_back({{"line", each.line}, {"why", each.why}});
  }
  json["before"] = simulation.before_digest;
  json["after"] = simulation.after_digest;
  for (const std::string_view word : AllWords<Shift>()) {
    json[std::string(word)] = simulation.all.Of(*ParseWord<Shift>(word));
  }
  json["by_rule"] = ordered_json::array();
  for (const Simulation::RuleCount& each : simulation.by_rule) {
    json["by_rule"].push_back(
        {{"rule", each.rule}, {"change", ChangeOf(each.newly)}, {"count", each.count}});
  }
  json["by_place"] =
      Rows("place", simulation.by_place, [](const std::string& place) { return place; });
  json["by_channel"] =
      Rows("channel", simulation.by_channel, [](Channel channel) { return ToWord(channel); });
  json["examples"] = ordered_json::array();
  for (const Simulation::Example& each : simulation.examples) {
    json["examples"].push_back({{"line", each.line},
                                {"channel", ToWord(each.channel)},
                                {"shift", ToWord(each.shift)},
                                {"before", ToJson(each.before)},
                                {"after", ToJson(each.after)},
                                {"change", ChangeOf(each.newly)},
                                {"rules", each.rules}});
  }
  out << json.dump(2) << "\n";
}

// ---- The call -----------------------------------------------------------------------------------

// Packs have a fault a line, each with its file.
int Fail(int exit_code, std::string_view text, std::ostream& err) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    err << "forbear: policy simulate: " << text.substr(0, end) << "\n";
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return exit_code;
}

absl::Status OpenHistory(const std::string& path, std::ifstream* file) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument(
        "--history " + path +
        ": is a directory, and lines of requests are wanted: entries of an exported log hold no "
        "facts to decide by; give a file with one JSON EvaluateRequest a line");
  }
  file->open(path, std::ios::binary);
  if (*file) return absl::OkStatus();
  return NotFound("--history " + path + ": no such file or no right to read it; check the path");
}

}  // namespace

void PrintSimulation(const Simulation& simulation, bool json, std::ostream& out) {
  if (json) {
    PrintJson(simulation, out);
  } else {
    PrintText(simulation, out);
  }
}

int RunPolicySimulate(const SimulateCall& call, std::istream& in, std::ostream& out,
                      std::ostream& err) {
  std::ifstream file;
  const bool from_file = call.history != "-";
  if (from_file) {
    const absl::Status opened = OpenHistory(call.history, &file);
    if (!opened.ok()) return Fail(kWrongUse, FromAbsl(opened.message()), err);
  }
  std::istream& history = from_file ? file : in;

  const auto zones = LoadZones();
  if (!zones.ok()) return Fail(kWrongUse, FromAbsl(zones.status().message()), err);
  const auto before = yaml::LoadPolicies(call.policies, !call.without_house);
  if (!before.ok()) return Fail(kWrongUse, FromAbsl(before.status().message()), err);
  const auto after = yaml::LoadPolicies(call.bundle, !call.without_house);
  if (!after.ok()) return Fail(kWrongUse, FromAbsl(after.status().message()), err);
  const Phones phones_before(before->phone_prefixes), phones_after(after->phone_prefixes);
  const Simulation simulation =
      Simulate({{before->bundle, *zones, before->places}, &phones_before},
               {{after->bundle, *zones, after->places}, &phones_after}, history);
  // Half a history would look like a whole one.
  if (history.bad()) {
    return Fail(kWrongUse,
                "--history " + call.history + ": cannot be read to its end; check the disk", err);
  }

  PrintSimulation(simulation, call.json, out);
  out.flush();
  if (!out) return Fail(kFailed, "output cannot be written; check the disk or the pipe", err);
  if (simulation.all.judged() > 0) return kOk;
  return Fail(kFailed,
              "--history " + call.history +
                  ": no line could be judged; give one JSON EvaluateRequest a line, with its facts "
                  "and its instant",
              err);
}

void AddSimulateCommand(CLI::App& policy, int* exit_code) {
  struct Options {
    SimulateCall call;
    std::string format = "text";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = policy.add_subcommand(
      "simulate", "which recorded contacts another policies directory would decide otherwise");
  command->add_option("--bundle", options->call.bundle, "the policies directory to try")
      ->required();
  command
      ->add_option("--history", options->call.history,
                   "a file with one JSON EvaluateRequest a line, with its facts and its instant; - "
                   "for standard input")
      ->required();
  command->add_option("--policies", options->call.policies, "the policies directory in force")
      ->capture_default_str();
  command->add_flag("--without-house", options->call.without_house,
                    "law alone, without the house rules that `serve` adds");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, exit_code] {
    std::ios::sync_with_stdio(false);
    options->call.json = options->format == "json";
    *exit_code = RunPolicySimulate(options->call, std::cin, std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
