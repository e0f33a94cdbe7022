#include "adapters/yaml/reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/model/status.h"

namespace forbear::yaml {
namespace {

// Builds our nodes from yaml-cpp's events and refuses, before anything is built, what we do not
// read. Thrown inside and caught in Parse: yaml-cpp has no other way to stop.
struct Stop {
  int line;
  int column;
  std::string what;
};

class Builder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Stop{mark.line + 1, mark.column + 1, "a second document; keep one a file"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, "", anchor);
    Put(Make(Node::Kind::kNull, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Stop{mark.line + 1, mark.column + 1, "an alias; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // yaml-cpp calls a quoted scalar `!` and a plain one `?`.
    const bool quoted = tag == "!";
    Refuse(mark, quoted || tag == "?" ? "" : tag, anchor);
    Node node = Make(Node::Kind::kScalar, mark);
    node.text = value;
    node.quoted = quoted;
    if (!quoted && (value.empty() || value == "~" || value == "null")) node.kind = Node::Kind::kNull;
    Put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Refuse(mark, tag == "?" ? "" : tag, anchor);
    Open(Make(Node::Kind::kList, mark));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Refuse(mark, tag == "?" ? "" : tag, anchor);
    Open(Make(Node::Kind::kMap, mark));
  }
  void OnMapEnd() override { Close(); }

  Node Take() { return std::move(root_); }

 private:
  struct Level {
    Node node;
    std::optional<Node> key;
    std::set<std::string> keys;
  };

  Node Make(Node::Kind kind, const YAML::Mark& mark) {
    if (++nodes_ > kMaxNodes) {
      throw Stop{mark.line + 1, mark.column + 1, "more than 100000 values; split the file"};
    }
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  static void Refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      throw Stop{mark.line + 1, mark.column + 1, "an anchor; write the value out"};
    }
    if (!tag.empty()) throw Stop{mark.line + 1, mark.column + 1, "a tag; leave it out"};
  }
  void Open(Node node) {
    if (levels_.size() >= kMaxDepth) {
      throw Stop{node.line, node.column, "nested deeper than 32; flatten it"};
    }
    levels_.push_back({std::move(node), std::nullopt, {}});
  }
  void Close() {
    Node node = std::move(levels_.back().node);
    levels_.pop_back();
    Put(std::move(node));
  }
  void Put(Node node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(node));
      return;
    }
    if (!level.key) {
      if (!node.is_scalar()) throw Stop{node.line, node.column, "a key that is no word; use plain text"};
      if (node.text == "<<") throw Stop{node.line, node.column, "a merge key; write the values out"};
      if (!level.keys.insert(node.text).second) {
        throw Stop{node.line, node.column, "key `" + node.text + "` stands twice; keep one"};
      }
      level.key = std::move(node);
      return;
    }
    level.node.members.emplace_back(std::move(*level.key), std::move(node));
    level.key.reset();
  }

  std::vector<Level> levels_;
  Node root_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

void Faults::Add(const Node& at, std::string_view what) { AddAt(at.line, at.column, what); }

void Faults::AddAt(int line, int column, std::string_view what) {
  lines_.push_back(file_ + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " +
                   std::string(what));
}

absl::Status Faults::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  std::string all;
  for (const std::string& line : lines_) all += (all.empty() ? "" : "\n") + line;
  return InvalidArgument(all);
}

Node Parse(std::string_view text, Faults* faults) {
  if (text.size() > kMaxBytes) {
    faults->AddAt(1, 1, "larger than 1 MiB; split the file");
    return {};
  }
  std::istringstream stream{std::string(text)};
  Builder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    faults->AddAt(stop.line, stop.column, stop.what);
    return {};
  } catch (const YAML::Exception& error) {
    faults->AddAt(error.mark.line + 1, error.mark.column + 1, "not YAML: " + error.msg);
    return {};
  }
  return builder.Take();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("cannot read `" + path + "`: no such file or no right to; check the path");
  std::string text;
  std::array<char, 65'536> buffer;
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
    text.append(buffer.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxBytes) {
      return InvalidArgument("`" + path + "` is larger than 1 MiB; split the file");
    }
  }
  // A byte order mark and Windows line ends say nothing.
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  std::erase(text, '\r');
  return text;
}

std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string Unknown(std::string_view what, std::string_view word,
                    const std::vector<std::string>& known) {
  std::string text = "unknown " + std::string(what) + " `" + std::string(word) + "`; ";
  if (const auto nearest = Nearest(word, known)) return text + "did you mean `" + *nearest + "`?";
  text += "known are";
  const size_t shown = std::min<size_t>(known.size(), 12);
  for (size_t i = 0; i < shown; ++i) text += (i == 0 ? " " : ", ") + known[i];
  if (shown < known.size()) text += " …";
  return text;
}

MapReader::MapReader(const Node& node, std::string_view what, Faults* faults)
    : where_(&node), what_(what), faults_(faults) {
  if (node.is_map()) {
    node_ = &node;
  } else {
    faults_->Add(node, what_ + " is no map; write `key: value` pairs");
    finished_ = true;
  }
}

const Node* MapReader::Get(std::string_view key) {
  known_.emplace_back(key);
  return node_ == nullptr ? nullptr : node_->Find(key);
}

const Node* MapReader::Need(std::string_view key) {
  const Node* found = Get(key);
  if (found == nullptr && node_ != nullptr) {
    faults_->Add(*where_, what_ + " has no `" + std::string(key) + "`; add it");
  }
  return found;
}

void MapReader::Finish() {
  if (finished_) return;
  finished_ = true;
  for (const auto& [key, value] : node_->members) {
    if (std::find(known_.begin(), known_.end(), key.text) == known_.end()) {
      faults_->Add(key, Unknown("key", key.text, known_) + " (in " + what_ + ")");
    }
  }
}

std::optional<std::string> ReadText(const Node& node, Faults* faults) {
  if (node.is_scalar()) return node.text;
  faults->Add(node, "want text here");
  return std::nullopt;
}

bool IsNoText(const Node& node) {
  if (!node.is_scalar() || node.quoted) return false;
  const std::string& text = node.text;
  if (text == "true" || text == "false" || text == ".nan" || text == ".inf" || text == "-.inf") {
    return true;
  }
  // The core schema of YAML 1.2: a sign, digits, a point, an exponent; or 0x and 0o.
  double value = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  const bool numeric = std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return (error != std::errc::invalid_argument && stop == end && numeric) ||
         text.starts_with("0x") || text.starts_with("0o");
}

std::optional<int64_t> ReadInteger(const Node& node, Faults* faults) {
  int64_t value = 0;
  if (node.is_scalar() && !node.quoted) {
    const auto [end, error] =
        std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
    if (error == std::errc() && end == node.text.data() + node.text.size()) return value;
  }
  faults->Add(node, "want a whole number here");
  return std::nullopt;
}

std::optional<bool> ReadBool(const Node& node, Faults* faults) {
  if (node.is_scalar() && !node.quoted) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  faults->Add(node, "want `true` or `false` here");
  return std::nullopt;
}

std::vector<const Node*> ReadList(const Node& node) {
  std::vector<const Node*> items;
  if (node.is_list()) {
    for (const Node& item : node.items) items.push_back(&item);
  } else if (!node.is_null()) {
    items.push_back(&node);
  }
  return items;
}

}  // namespace forbear::yaml
