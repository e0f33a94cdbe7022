#include "adapters/cli/decide_command.h"

#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "adapters/cli/exit_codes.h"
#include "adapters/grpc/services.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

// As the service: what is larger is refused before it is looked at (security.md Q1, I1).
constexpr size_t kMostLineBytes = 1'024 * 1'024;
constexpr size_t kMostDepth = 32;

// `evaluate_time` and `evaluateTime` name one field.
std::string OneSpelling(const std::string& name) {
  std::string spelled;
  bool capital = false;
  for (const char c : name) {
    if (c == '_') {
      capital = true;
    } else {
      spelled.push_back(capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
      capital = false;
    }
  }
  return spelled;
}

// Hears a JSON text and remembers what is wrong with it.
class StrictListener : public nlohmann::json_sax<nlohmann::json> {
 public:
  const std::string& fault() const { return fault_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    if (names_.back().insert(OneSpelling(name)).second) return true;
    fault_ = "a name stands twice in one object";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    if (fault_.empty()) fault_ = "no JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  bool Enter() {
    names_.emplace_back();
    if (names_.size() <= kMostDepth) return true;
    fault_ = "nested deeper than " + std::to_string(kMostDepth);
    return false;
  }
  bool Leave() {
    names_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> names_;
  std::string fault_;
};

// json_util names the field in parentheses and then quotes what stands there. Only the first is
// told.
std::string WhereOf(std::string_view message) {
  const size_t open = message.find('(');
  const size_t close = message.find(')', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return "the request";
  const std::string_view path = message.substr(open + 1, close - open - 1);
  return path.empty() ? "the request" : "`" + std::string(path) + "`";
}

absl::Status Answer(const DecideWorld& world, const v1::EvaluateRequest& request,
                    v1::EvaluateResponse* response) {
  if (request.subject_case() != v1::EvaluateRequest::kFacts) {
    return ToStatus({{"facts", "is missing: nothing is stored here, so the facts come along"}});
  }
  return grpc_adapter::EvaluateFacts(request, world.surroundings, *world.phones, std::nullopt,
                                     response);
}

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  FORBEAR_CHECK(google::protobuf::util::MessageToJsonString(message, &json).ok());
  return json;
}

enum class Frame { kMessage, kEnd, kBroken };

// A varint and as many bytes.
Frame ReadFrame(std::istream& in, std::string* bytes) {
  uint64_t size = 0;
  for (int shift = 0;; shift += 7) {
    const int byte = in.get();
    if (byte == std::istream::traits_type::eof()) {
      return shift == 0 ? Frame::kEnd : Frame::kBroken;
    }
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
    if (shift >= 28) return Frame::kBroken;  // five bytes say 2^35, far beyond the limit
  }
  if (size > kMostLineBytes) return Frame::kBroken;
  bytes->resize(size);
  in.read(bytes->data(), static_cast<std::streamsize>(size));
  return static_cast<uint64_t>(in.gcount()) == size ? Frame::kMessage : Frame::kBroken;
}

void WriteFrame(const std::string& bytes, std::ostream& out) {
  uint64_t size = bytes.size();
  while (size >= 0x80) {
    out.put(static_cast<char>((size & 0x7f) | 0x80));
    size >>= 7;
  }
  out.put(static_cast<char>(size));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

int RunDecide(const std::string& policies, bool without_house, bool binary, std::istream& in,
              std::ostream& out, std::ostream& err) {
  const auto zones = LoadZones();
  if (!zones.ok()) {
    err << "forbear: " << zones.status().message() << '\n';
    return kWrongUse;
  }
  const auto loaded = yaml::LoadPolicies(policies, !without_house);
  if (!loaded.ok()) {
    err << "forbear: " << loaded.status().message() << '\n';
    return kWrongUse;
  }
  const Phones phones(loaded->phone_prefixes);
  const DecideWorld world{{loaded->bundle, *zones, loaded->places}, &phones};
  const bool good = binary ? DecideBinary(world, in, out, err) : DecideLines(world, in, out);
  out.flush();
  if (!out) {
    err << "forbear: decide: output cannot be written; check the disk or the pipe\n";
    return kFailed;
  }
  return good ? kOk : kFailed;
}

}  // namespace

absl::Status CheckStrictJson(std::string_view text) {
  // The library passes over a byte order mark; the RFC forbids writing one.
  if (text.starts_with("\xef\xbb\xbf")) return InvalidArgument("begins with a byte order mark");
  StrictListener listener;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &listener)) return absl::OkStatus();
  return InvalidArgument(listener.fault().empty() ? "no JSON" : listener.fault());
}

absl::Status ParseEvaluateRequest(const std::string& json, v1::EvaluateRequest* request) {
  if (json.size() > kMostLineBytes) return InvalidArgument("longer than 1 MiB");
  FORBEAR_RETURN_IF_ERROR(CheckStrictJson(json));
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, request, options);
  if (!parsed.ok()) {
    const auto message = parsed.message();
    return InvalidArgument("no EvaluateRequest: " + WhereOf({message.data(), message.size()}) +
                           " is no field of it, or holds a value of another kind");
  }
  return absl::OkStatus();
}

bool DecideLines(const DecideWorld& world, std::istream& in, std::ostream& out) {
  bool all_good = true;
  uint64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    v1::EvaluateRequest request;
    v1::EvaluateResponse response;
    absl::Status how = ParseEvaluateRequest(line, &request);
    if (how.ok()) how = Answer(world, request, &response);
    if (how.ok()) {
      out << ToJson(response) << '\n';
    } else {
      all_good = false;
      out << R"({"line":)" << number << R"(,"error":)" << ToJson(grpc_adapter::ToRpcStatus(how))
          << "}\n";
    }
  }
  return all_good;
}

bool DecideBinary(const DecideWorld& world, std::istream& in, std::ostream& out,
                  std::ostream& err) {
  bool all_good = true;
  std::string bytes;
  for (uint64_t number = 1;; ++number) {
    switch (ReadFrame(in, &bytes)) {
      case Frame::kEnd:
        return all_good;
      case Frame::kBroken:
        err << "forbear: message " << number
            << ": its frame is broken or larger than 1 MiB; send a varint and as many bytes\n";
        return false;
      case Frame::kMessage:
        break;
    }
    v1::EvaluateRequest request;
    v1::EvaluateResponse response;
    const absl::Status how = request.ParseFromString(bytes)
                                 ? Answer(world, request, &response)
                                 : InvalidArgument("cannot be read as an EvaluateRequest");
    if (!how.ok()) {
      all_good = false;
      response.Clear();
      err << "forbear: message " << number << ": " << how.message() << '\n';
    }
    WriteFrame(response.SerializeAsString(), out);
  }
}

void AddDecideCommand(CLI::App& app, int* exit_code) {
  struct Options {
    std::string policies;
    bool binary = false;
    bool without_house = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "decide",
      "Answers questions from stdin: one JSON EvaluateRequest a line, with its facts and "
      "its instant; one JSON EvaluateResponse a line on stdout.");
  command->add_option("--policies", options->policies, "the folder of packs")
      ->required()
      ->envname("FORBEAR_POLICIES");
  command->add_flag("--binary", options->binary, "length-delimited protobuf instead of JSON");
  command->add_flag("--without-house", options->without_house,
                    "law alone, without the house rules that `serve` adds");
  command->callback([options, exit_code] {
    std::ios::sync_with_stdio(false);
    *exit_code = RunDecide(options->policies, options->without_house, options->binary, std::cin,
                           std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
