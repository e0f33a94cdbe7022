#include "engine/audit/entry.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

constexpr size_t kMaxClearText = 200;     // E11
constexpr size_t kFewestPhoneDigits = 7;  // E11: so many digits and nothing else may be a number
constexpr size_t kIdDigits = 32;          // E6, E10, E11: an id is written in so many hex digits
constexpr size_t kTypicalEntryBytes = 640;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

constexpr std::array<bool, 256> MakeClearBytes() {
  std::array<bool, 256> clear{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789_.:/+=-")) {
    clear[static_cast<unsigned char>(c)] = true;
  }
  return clear;
}
constexpr std::array<bool, 256> kClearBytes = MakeClearBytes();

absl::Status Broken(std::string_view condition, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(condition), ": entry refused: ", ToAbsl(why)));
}

absl::Status CheckClearText(std::string_view member, std::string_view text) {
  if (MayStandInClear(text)) return absl::OkStatus();
  return Broken("E11", absl::StrCat("`", ToAbsl(member),
                                    "` may not stand in clear; seal it or use an opaque id"));
}

absl::Status CheckClearWithin(std::string_view member, const cj1::Value& value) {
  const std::optional<std::string> path = FindUnclear(value);
  if (!path.has_value()) return absl::OkStatus();
  return Broken("E11", absl::StrCat("`", ToAbsl(member), *path,
                                    "` may not stand in clear; seal it or use an opaque id"));
}

absl::Status CheckDraft(const EntryDraft& draft, const EntryStamp& stamp) {
  if (stamp.origin.empty()) return Broken("E4", "the log has no origin; name one");
  if (stamp.seq > static_cast<uint64_t>(cj1::kMaxInteger)) {
    return Broken("E5", "the log is full; begin the next one");
  }
  if (draft.id.IsZero()) return Broken("E6", "`id` is zero; make one before the transaction");
  if (!IsKind(draft.kind)) {
    return Broken("E8", "`kind` is not two or more dotted words of [a-z][a-z0-9_]*");
  }
  if ((draft.kind == kLogOpened) != (stamp.seq == 0)) {
    return Broken("E8", "log.opened is the first entry and no other; open the log once");
  }
  if (draft.actor.id.empty() || stamp.node.empty()) {
    return Broken("E9", "`actor.id` or `node` is empty; say who and where");
  }
  if (draft.tenant.empty() != !stamp.tseq.has_value()) {
    return Broken("E10", "`tenant` and `tseq` come together or not at all");
  }
  if (draft.borrower.has_value() && draft.tenant.empty()) {
    return Broken("E10", "`borrower` without a tenant; name the tenant");
  }
  if (!draft.ref.is_object() || !draft.data.is_object()) {
    return Broken("E3", "`ref` and `data` are objects");
  }
  if (!draft.facts.empty() && (!draft.borrower.has_value() || draft.seal.empty())) {
    return Broken("E13", "facts of a person are sealed under that person's key, or not recorded");
  }
  FORBEAR_RETURN_IF_ERROR(CheckClearText("actor.id", draft.actor.id));
  if (!draft.actor.role.empty()) {
    FORBEAR_RETURN_IF_ERROR(CheckClearText("actor.role", draft.actor.role));
  }
  FORBEAR_RETURN_IF_ERROR(CheckClearText("node", stamp.node));
  if (!draft.tenant.empty()) FORBEAR_RETURN_IF_ERROR(CheckClearText("tenant", draft.tenant));
  FORBEAR_RETURN_IF_ERROR(CheckClearWithin("ref", draft.ref));
  FORBEAR_RETURN_IF_ERROR(CheckClearWithin("data", draft.data));
  if (draft.kind.starts_with("attempt.") && draft.ref.Find("attempt") == nullptr) {
    return Broken("E12", "an attempt's entry has no `ref.attempt`; name the attempt");
  }
  return absl::OkStatus();
}

void AppendDigits(uint64_t number, size_t width, std::string* out) {
  const size_t end = out->size() + width;
  out->resize(end);
  for (size_t i = 0; i < width; ++i) {
    (*out)[end - 1 - i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

void AppendNumber(uint64_t number, std::string* out) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  FORBEAR_CHECK(error == std::errc());
  out->append(digits, end);
}

void AppendHex(const Id128& id, std::string* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : id.bytes) {
    out->push_back(kDigits[byte >> 4]);
    out->push_back(kDigits[byte & 15]);
  }
}

void AppendTime(Instant at, std::string* out) {
  const auto day = date::floor<date::days>(at);
  const date::year_month_day ymd{day};
  const auto second = static_cast<uint64_t>((at - day).count());
  AppendDigits(static_cast<uint64_t>(static_cast<int>(ymd.year())), 4, out);
  out->push_back('-');
  AppendDigits(static_cast<unsigned>(ymd.month()), 2, out);
  out->push_back('-');
  AppendDigits(static_cast<unsigned>(ymd.day()), 2, out);
  out->push_back('T');
  AppendDigits(second / 3600, 2, out);
  out->push_back(':');
  AppendDigits(second / 60 % 60, 2, out);
  out->push_back(':');
  AppendDigits(second % 60, 2, out);
  out->push_back('Z');
}

}  // namespace

bool MayStandInClear(std::string_view text) {
  if (text.empty() || text.size() > kMaxClearText) return false;
  for (const char c : text) {
    if (!kClearBytes[static_cast<unsigned char>(c)]) return false;
  }
  const std::string_view digits = text[0] == '+' ? text.substr(1) : text;
  if (digits.size() < kFewestPhoneDigits) return true;
  // Now and then an id has no letter. It has 32 digits and a telephone number at most 15 (E.164),
  // so it is none; and a log that has one would break E11 for good.
  if (IsHexId(text)) return true;
  return !std::all_of(digits.begin(), digits.end(), IsDigit);
}

std::optional<std::string> FindUnclear(const cj1::Value& value) {
  if (value.is_string()) {
    if (MayStandInClear(value.AsString())) return std::nullopt;
    return "";
  }
  if (value.is_object()) {
    for (const auto& [name, member] : value.AsObject()) {
      if (auto inner = FindUnclear(member)) return absl::StrCat(".", name, *inner);
    }
  } else if (value.is_array()) {
    const auto& items = value.AsArray();
    for (size_t i = 0; i < items.size(); ++i) {
      if (auto inner = FindUnclear(items[i])) return absl::StrCat("[", i, "]", *inner);
    }
  }
  return std::nullopt;
}

bool IsKind(std::string_view text) {
  size_t words = 0;
  bool start = true;
  for (const char c : text) {
    if (start) {
      if (!IsLower(c)) return false;
      ++words;
      start = false;
    } else if (c == '.') {
      start = true;
    } else if (!IsLower(c) && !IsDigit(c) && c != '_') {
      return false;
    }
  }
  return words >= 2 && !start;
}

bool IsEntryTime(std::string_view text) {
  static constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !IsDigit(text[i]) : text[i] != kForm[i]) return false;
  }
  const auto number = [&](size_t at, size_t count) {
    unsigned value = 0;
    for (size_t i = at; i < at + count; ++i)
      value = value * 10 + static_cast<unsigned>(text[i] - '0');
    return value;
  };
  const date::year_month_day ymd{date::year{static_cast<int>(number(0, 4))},
                                 date::month{number(5, 2)}, date::day{number(8, 2)}};
  return ymd.ok() && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 60;
}

bool IsHexId(std::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return IsDigit(c) || (c >= 'a' && c <= 'f');
         });
}

std::string_view ActorKindName(ActorKind kind) {
  switch (kind) {
    case ActorKind::kUser:
      return "user";
    case ActorKind::kService:
      return "service";
    case ActorKind::kSystem:
      return "system";
  }
  return "";
}

absl::StatusOr<std::string> EncodeEntry(const EntryDraft& draft, const EntryStamp& stamp) {
  FORBEAR_RETURN_IF_ERROR(CheckDraft(draft, stamp));
  // Members stand in byte order of their names. Texts that E8, E9 or E11 let through need no
  // escape, so they are copied as they are; only the origin may hold anything.
  std::string out;
  out.reserve(kTypicalEntryBytes);
  out.append("{\"actor\":{\"id\":\"").append(draft.actor.id);
  out.append("\",\"kind\":\"").append(ActorKindName(draft.actor.kind));
  if (!draft.actor.role.empty()) out.append("\",\"role\":\"").append(draft.actor.role);
  out.append("\"},");
  if (draft.borrower.has_value()) {
    out.append("\"borrower\":\"");
    AppendHex(*draft.borrower, &out);
    out.append("\",");
  }
  if (!draft.data.empty()) {
    out.append("\"data\":");
    FORBEAR_RETURN_IF_ERROR(cj1::AppendValue(draft.data, 2, &out));
    out.push_back(',');
  }
  out.append("\"id\":\"");
  AppendHex(draft.id, &out);
  out.append("\",\"kind\":\"").append(draft.kind);
  out.append("\",\"log\":");
  FORBEAR_RETURN_IF_ERROR(cj1::AppendString(stamp.origin, &out));
  out.append(",\"node\":\"").append(stamp.node);
  out.append("\",");
  if (!draft.ref.empty()) {
    out.append("\"ref\":");
    FORBEAR_RETURN_IF_ERROR(cj1::AppendValue(draft.ref, 2, &out));
    out.push_back(',');
  }
  if (!draft.seal.empty()) {
    out.append("\"seal\":");
    FORBEAR_RETURN_IF_ERROR(cj1::AppendValue(draft.seal, 2, &out));
    out.push_back(',');
  }
  out.append("\"seq\":");
  AppendNumber(stamp.seq, &out);
  if (!draft.tenant.empty()) out.append(",\"tenant\":\"").append(draft.tenant).push_back('"');
  out.append(",\"time\":\"");
  AppendTime(stamp.time, &out);
  out.push_back('"');
  if (stamp.tseq.has_value()) {
    out.append(",\"tseq\":");
    AppendNumber(*stamp.tseq, &out);
  }
  out.append(",\"v\":1}");
  if (out.size() > kMaxEntryBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("E2: entry refused: ", out.size(), " bytes of at most 16384; record less"));
  }
  return out;
}

}  // namespace forbear::audit
