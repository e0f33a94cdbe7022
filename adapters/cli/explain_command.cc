#include "adapters/cli/explain_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "adapters/cli/evaluate_lines.h"
#include "adapters/cli/exit_codes.h"
#include "adapters/grpc/services.h"
#include "adapters/phones/phones.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

// A line of an explanation is broken here, between words, for a terminal. Columns, not bytes.
constexpr size_t kColumns = 100;

size_t WidthOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  return lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;  // CJK letters take two columns
}

// The next letter of UTF-8 text, whole.
std::string_view Letter(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  return text.substr(0, size);
}

// A line never begins with one of these.
bool Closes(std::string_view letter) {
  for (const char* closing : {"。", "，", "、", "；", "：", "）", "》", "」", "”"}) {
    if (letter == closing) return true;
  }
  return false;
}

// A line never ends with one of these; the break is before it, or at the space itself.
bool Opens(std::string_view letter) {
  for (const char* opening : {"（", "《", "「", "“", " "}) {
    if (letter == opening) return true;
  }
  return false;
}

// Broken at spaces, and before a Chinese letter. `column` is where it begins.
std::string Wrapped(std::string_view text, size_t column) {
  constexpr std::string_view kIndent = "\n    ";
  std::string wrapped;
  size_t break_at = 0, column_there = 0;
  std::string_view before;
  for (std::string_view letter; !text.empty(); text.remove_prefix(letter.size())) {
    before = letter;
    letter = Letter(text);
    const auto lead = static_cast<unsigned char>(letter.front());
    if (letter == " " || (lead >= 0xe0 && !Closes(letter) && !Opens(before))) {
      break_at = wrapped.size();
      column_there = column;
    }
    wrapped += letter;
    column += WidthOf(lead);
    if (column <= kColumns || break_at == 0) continue;
    const size_t space = wrapped[break_at] == ' ' ? 1 : 0;
    wrapped.replace(break_at, space, kIndent);
    column = column - column_there - space + kIndent.size() - 1;
    break_at = 0;
  }
  return wrapped;
}

absl::StatusOr<std::vector<std::string>> Explained(const ExplainCall& call, std::istream& in) {
  std::string json;
  if (call.request == "-") {
    json.assign(std::istreambuf_iterator<char>(in), {});
  } else {
    FORBEAR_ASSIGN_OR_RETURN(json, yaml::ReadFile(call.request));
  }
  v1::EvaluateRequest request;
  FORBEAR_RETURN_IF_ERROR(ParseEvaluateRequest(json, &request));
  FORBEAR_RETURN_IF_ERROR(CheckFactsCome(request));
  FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const ZoneTables> zones, LoadZones());
  FORBEAR_ASSIGN_OR_RETURN(const yaml::LoadedPolicies loaded,
                           yaml::LoadPolicies(call.policies, !call.without_house));
  const Phones phones(loaded.phone_prefixes);
  FORBEAR_ASSIGN_OR_RETURN(const policy::Decision decision,
                           grpc_adapter::DecideFacts(request, {loaded.bundle, zones, loaded.places},
                                                     phones, std::nullopt));
  return policy::Explain(decision, *zones, call.tongue);
}

}  // namespace

int RunPolicyExplain(const ExplainCall& call, std::istream& in, std::ostream& out,
                     std::ostream& err) {
  const auto paragraphs = Explained(call, in);
  if (!paragraphs.ok()) {
    err << "forbear: policy explain: " << paragraphs.status().message() << "\n";
    return kWrongUse;
  }
  if (call.json) {
    out << nlohmann::json(*paragraphs).dump(2) << "\n";
    return kOk;
  }
  for (size_t i = 0; i < paragraphs->size(); ++i) {
    const std::string_view bullet = i == 0 ? "" : "  - ";
    out << bullet << Wrapped((*paragraphs)[i], bullet.size()) << "\n";
  }
  return kOk;
}

void AddExplainCommand(CLI::App& policy, int* exit_code) {
  struct Options {
    ExplainCall call;
    std::string tongue = "en", format = "text";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      policy.add_subcommand("explain", "a decision in sentences, each with its citation");
  command
      ->add_option("REQUEST", options->call.request,
                   "a file with one JSON EvaluateRequest; - for standard input")
      ->required();
  command->add_option("--language", options->tongue, "of the sentences")
      ->check(CLI::IsMember(
          std::vector<std::string>(AllWords<Tongue>().begin(), AllWords<Tongue>().end())))
      ->capture_default_str();
  command->add_option("--policies", options->call.policies, "a policies directory")
      ->capture_default_str();
  command->add_flag("--without-house", options->call.without_house,
                    "law alone, without the house rules that `serve` adds");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, exit_code] {
    options->call.tongue = *ParseWord<Tongue>(options->tongue);
    options->call.json = options->format == "json";
    *exit_code = RunPolicyExplain(options->call, std::cin, std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
