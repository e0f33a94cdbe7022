#include "adapters/cli/evaluate_lines.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <istream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "engine/model/status.h"
#include "engine/orchestrator/intake.h"
#include "forbear/v1/contact_service.pb.h"

namespace forbear::cli {
namespace {

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

// True when every step of `path` is a field of the contract, as in `facts.borrower.places[0].city`.
bool IsFieldPath(std::string_view path) {
  const google::protobuf::Descriptor* message = v1::EvaluateRequest::descriptor();
  while (true) {
    const size_t end = path.find('.');
    std::string_view step = path.substr(0, end);
    if (const size_t index = step.find('['); index != std::string_view::npos) {
      if (step.find_first_not_of("0123456789", index + 1) != step.size() - 1) return false;
      step = step.substr(0, index);
    }
    if (message == nullptr) return false;
    const std::string name(step);
    const auto* field = message->FindFieldByName(name);
    if (field == nullptr) field = message->FindFieldByCamelcaseName(name);
    if (field == nullptr) return false;
    if (end == std::string_view::npos) return true;
    message = field->message_type();
    path.remove_prefix(end + 1);
  }
}

// json_util names the field in parentheses and then quotes what stands there. Only the first is
// told, and only if it is ours: an unknown name at the top stands there without a path before it.
std::string WhereOf(std::string_view message) {
  const size_t open = message.find('(');
  const size_t close = message.find(')', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return "the request";
  const std::string_view path = message.substr(open + 1, close - open - 1);
  return IsFieldPath(path) ? "`" + std::string(path) + "`" : "the request";
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
  if (json.size() > kMostRequestBytes) return InvalidArgument("longer than 1 MiB");
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

absl::Status CheckFactsCome(const v1::EvaluateRequest& request) {
  if (request.subject_case() == v1::EvaluateRequest::kFacts) return absl::OkStatus();
  return ToStatus({{"facts", "is missing: nothing is stored here, so the facts come along"}});
}

bool EvaluateLines::Next(v1::EvaluateRequest* request, absl::Status* how) {
  if (!std::getline(in_, line_)) return false;
  ++number_;
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  request->Clear();
  *how = ParseEvaluateRequest(line_, request);
  if (how->ok()) *how = CheckFactsCome(*request);
  return true;
}

}  // namespace forbear::cli
