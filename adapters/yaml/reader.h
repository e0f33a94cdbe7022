// Text → a small tree of nodes that know their line and column, and a list of faults.
//
// The subset of YAML 1.2 that packs, scenarios, treatments and settings need, and no more
// (security.md I2): no anchors, aliases, tags, merge keys or duplicate keys; limits are counted
// before a tree exists. Plain scalars are text until somebody asks otherwise, so `on`, `off`, `yes`
// and `no` are words like any other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace forbear::yaml {

inline constexpr size_t kMaxBytes = 1 << 20;      // a pack is a few dozen kilobytes
inline constexpr size_t kMaxDepth = 32;
inline constexpr size_t kMaxNodes = 100'000;

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;    // from 1
  int column = 0;  // from 1
  std::string text;         // of a scalar
  bool quoted = false;      // a quoted scalar is text even if it looks like a number
  std::vector<Node> items;  // of a list
  std::vector<std::pair<Node, Node>> members;  // of a map, in order; keys are scalars

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_null() const { return kind == Kind::kNull; }
  // nullptr: no such member, or no map.
  const Node* Find(std::string_view key) const;
};

// Collects faults as `FILE:LINE:COLUMN: what; what to do`.
class Faults {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}
  void Add(const Node& at, std::string_view what);
  void AddAt(int line, int column, std::string_view what);
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  const std::string& file() const { return file_; }
  // OK, or kInvalidArgument with every fault on a line of its own.
  absl::Status ToStatus() const;

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

// Parses one document. Faults of form go to `faults`; the node is then null.
Node Parse(std::string_view text, Faults* faults);

// Reads a file (kNotFound, kInvalidArgument when larger than kMaxBytes).
absl::StatusOr<std::string> ReadFile(const std::string& path);

// The nearest of `known` to `word`, when it is near enough to be a slip; else nullopt.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known);
// "unknown key `frequency_capp`; did you mean `frequency_cap`?"
std::string Unknown(std::string_view what, std::string_view word,
                    const std::vector<std::string>& known);

// Reads a map member by member and complains of what nobody asked for.
class MapReader {
 public:
  // Complains at once when `node` is no map.
  MapReader(const Node& node, std::string_view what, Faults* faults);
  ~MapReader() { Finish(); }
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;

  // nullptr: absent. Marks the key as known.
  const Node* Get(std::string_view key);
  // Complains when absent.
  const Node* Need(std::string_view key);
  // Reports unknown keys; once.
  void Finish();
  bool ok() const { return node_ != nullptr; }

 private:
  const Node* node_ = nullptr;
  const Node* where_;
  std::string what_;
  Faults* faults_;
  std::vector<std::string> known_;
  bool finished_ = false;
};

// Scalars. Each complains and returns nullopt when the node is not one.
std::optional<std::string> ReadText(const Node& node, Faults* faults);
std::optional<int64_t> ReadInteger(const Node& node, Faults* faults);
std::optional<bool> ReadBool(const Node& node, Faults* faults);
// True for a plain scalar that YAML 1.2 reads as a number or a truth value.
bool IsNoText(const Node& node);
// A list, or one value that stands for a list of one.
std::vector<const Node*> ReadList(const Node& node);

}  // namespace forbear::yaml
