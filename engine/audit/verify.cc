#include "engine/audit/verify.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

// Members that an entry of format 1 may have (E3), in byte order.
constexpr std::string_view kMembers[] = {"actor",  "borrower", "data", "id",   "kind",
                                         "log",    "node",     "ref",  "seal", "seq",
                                         "tenant", "time",     "tseq", "v"};
constexpr std::string_view kRequired[] = {"actor", "id", "kind", "log", "node", "seq", "time", "v"};

constexpr std::string_view kSealAlgorithm = "xchacha20poly1305";
constexpr size_t kKidBytes = 32;
constexpr size_t kNonceBytes = 24;
constexpr size_t kSealedBlock = 64;  // what is sealed is padded to a multiple of it, never to none
constexpr size_t kSealTag = 16;      // after that, the bytes which prove it whole

absl::Status Finding(const char* condition, std::string_view what) {
  return absl::DataLossError(absl::StrCat(condition, ": ", ToAbsl(what)));
}

// The same finding with a place before it: `G2: checkpoint.200: no signature…`.
absl::Status At(std::string_view place, const absl::Status& status) {
  const std::string_view condition = ConditionOf(status);
  if (condition.empty()) return status;
  return absl::DataLossError(
      absl::StrCat(ToAbsl(condition), ": ", ToAbsl(place), ": ",
                   ToAbsl(FromAbsl(status.message()).substr(condition.size() + 2))));
}

std::string_view TextOf(const cj1::Value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->AsString())
                                                : std::string_view();
}

// How many bytes a text in base64url is; 0 when it is none, or not in its one spelling: two
// spellings of a key or nonce would hide that they were used before (E13).
size_t BytesIn(std::string_view text) {
  const auto bytes = FromBase64Url(text);
  return bytes.ok() ? bytes->size() : 0;
}

// The step that an entry kind makes, or nothing for a receipt and for kinds that are no attempt's.
std::optional<AttemptStep> StepOf(std::string_view kind) {
  for (const AttemptStep step :
       {AttemptStep::kReserved, AttemptStep::kDispatched, AttemptStep::kSettled,
        AttemptStep::kInDoubt, AttemptStep::kReleased, AttemptStep::kResolved}) {
    if (kind.substr(std::string_view("attempt.").size()) == AttemptStepName(step)) return step;
  }
  return std::nullopt;
}

// E12: may `next` follow `now`?
bool MayFollow(AttemptStep now, AttemptStep next) {
  switch (next) {
    case AttemptStep::kReserved:
      return false;
    case AttemptStep::kDispatched:
      return now == AttemptStep::kReserved;
    case AttemptStep::kSettled:
    case AttemptStep::kInDoubt:
    case AttemptStep::kReleased:
      return now == AttemptStep::kReserved || now == AttemptStep::kDispatched;
    case AttemptStep::kResolved:
      return now == AttemptStep::kInDoubt || now == AttemptStep::kResolved;
  }
  return false;
}

// Ids are 32 hex digits; anything else that E11 lets through is told apart by its digest.
Id128 AttemptKey(std::string_view text) {
  if (const auto id = Id128::FromHexDigits(text); id.ok()) return *id;
  return Id128::FromRaw(AsText(Sha256(text)).substr(0, 16));
}

// Roots that were signed before, tried while the tree grows past their sizes.
class OlderRoots {
 public:
  // G1 to G6 of each note, and G7 when it is larger than `now`.
  static absl::StatusOr<OlderRoots> Open(const std::vector<OlderNote>& notes,
                                         const VerifierKey& key, uint64_t now) {
    OlderRoots roots;
    for (const OlderNote& note : notes) {
      const auto checkpoint = OpenCheckpoint(note.note, key);
      if (!checkpoint.ok()) return At(note.name, checkpoint.status());
      FORBEAR_RETURN_IF_ERROR(roots.Add(note.name, checkpoint->head, now));
    }
    return roots;
  }

  absl::Status Add(std::string name, const TreeHead& head, uint64_t now) {
    if (head.size > now) {
      return Finding(
          "G7", absl::StrCat(name, " was signed for ", head.size, " entries and the log has ", now,
                             ": it was cut short or rolled back"));
    }
    roots_.emplace(head.size, Known{std::move(name), head.root});
    return absl::OkStatus();
  }

  // The tree has reached a size; remembers the first signed root that is another.
  void Compare(const Tree& tree) {
    const auto [from, to] = roots_.equal_range(tree.size());
    if (from == to) return;
    const Bytes32 root = tree.Root();
    for (auto known = from; known != to; ++known) {
      if (known->second.root == root || !finding_.ok()) continue;
      finding_ = Finding(
          "G7", absl::StrCat(known->second.name, " was signed for another root of ", "the first ",
                             tree.size(), " entries: history was rewritten or forked"));
    }
  }

  const absl::Status& finding() const { return finding_; }

 private:
  struct Known {
    std::string name;
    Bytes32 root;
  };
  std::multimap<uint64_t, Known> roots_;
  absl::Status finding_;
};

// One pass over an export.
class ExportVerifier {
 public:
  ExportVerifier(const FileSource& files, const Checkpoint& checkpoint, OlderRoots older)
      : files_(files),
        size_(checkpoint.head.size),
        root_(checkpoint.head.root),
        older_(std::move(older)),
        checker_(checkpoint.origin) {}

  absl::StatusOr<LogFacts> Run() {
    older_.Compare(tree_);
    for (uint64_t n = 0; n * kTileWidth < size_; ++n) {
      FORBEAR_RETURN_IF_ERROR(Bundle(n, std::min(kTileWidth, size_ - n * kTileWidth)));
    }
    for (size_t level = 0; level < tree_.tail().size(); ++level) {
      if (tree_.tail()[level].empty()) continue;
      const auto number = static_cast<int>(level);
      FORBEAR_RETURN_IF_ERROR(
          HashTile(number, HashesAt(number, size_) / kTileWidth, EncodeTile(tree_.tail()[level])));
    }
    FORBEAR_RETURN_IF_ERROR(FilesBeyond());
    if (tree_.Root() != root_) {
      return Finding("F4", "the entries have another root than `checkpoint`");
    }
    FORBEAR_RETURN_IF_ERROR(older_.finding());
    FORBEAR_RETURN_IF_ERROR(entry_finding_);
    return checker_.TakeFacts();
  }

 private:
  // The content of a file of the export; nothing when there is no such file.
  absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path) const {
    auto content = files_.Read(path);
    if (content.ok()) return std::optional<std::string>(*std::move(content));
    if (absl::IsNotFound(content.status())) return std::optional<std::string>();
    return content.status();
  }

  // Reads every file that holds a tile or bundle: the one its width calls for, a full one in its
  // place, and whatever partial ones were left. `check(path, width, content)` judges each. F1 when
  // neither the first nor the second is there.
  template <typename Check>
  absl::Status ForEachFile(const TileFile& file, const Check& check) const {
    const std::string full_path = TileFile{file.level, file.n, kTileWidth}.Path();
    bool there = false;
    FORBEAR_ASSIGN_OR_RETURN(const auto full, ReadIfThere(full_path));
    if (full.has_value()) {
      there = true;
      FORBEAR_RETURN_IF_ERROR(check(full_path, kTileWidth, *full));
    }
    const std::string folder = PartialFolder(full_path);
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(folder));
    std::vector<uint64_t> widths;
    for (const std::string& name : names) {
      uint64_t width = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), width);
      // Other names, such as a temporary file's, are no part of the layout.
      if (error != std::errc() || end != name.data() + name.size() || name[0] == '0') continue;
      if (width >= 1 && width < kTileWidth) widths.push_back(width);
    }
    std::sort(widths.begin(), widths.end());
    for (const uint64_t width : widths) {
      const std::string path = absl::StrCat(folder, "/", width);
      FORBEAR_ASSIGN_OR_RETURN(const auto partial, ReadIfThere(path));
      if (!partial.has_value()) continue;
      there = there || width == file.width;
      FORBEAR_RETURN_IF_ERROR(check(path, width, *partial));
    }
    if (!there) return Finding("F1", absl::StrCat(file.Path(), " is missing"));
    return absl::OkStatus();
  }

  absl::Status Bundle(uint64_t n, uint64_t width) {
    const TileFile file{kBundleLevel, n, width};
    std::string content;
    std::string content_path;
    int files = 0;
    const auto choose = [&](const std::string& path, uint64_t file_width,
                            const std::string& bytes) -> absl::Status {
      FORBEAR_RETURN_IF_ERROR(CheckWidth({kBundleLevel, n, file_width}, path, bytes));
      ++files;
      if (file_width == width || (file_width == kTileWidth && content.empty())) {
        content = bytes;
        content_path = path;
      }
      return absl::OkStatus();
    };
    FORBEAR_RETURN_IF_ERROR(ForEachFile(file, choose));
    const uint64_t held = content_path == file.Path() ? width : kTileWidth;
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string_view> entries,
                             SplitBundle(content, held));
    // Hash tiles first, so that an entry which is not the one signed is found as F3.
    std::vector<FullTile> full;
    for (uint64_t i = 0; i < width; ++i) {
      if (entry_finding_.ok()) entry_finding_ = checker_.Check(entries[i]);
      tree_.Append(LeafHash(entries[i]), &full);
      older_.Compare(tree_);
    }
    for (const FullTile& tile : full) {
      FORBEAR_RETURN_IF_ERROR(HashTile(tile.level, tile.n, tile.bytes));
    }
    if (files == 1) return absl::OkStatus();
    // Then the other bundles that hold the same entries.
    const auto compare = [&](const std::string& path, uint64_t file_width,
                             const std::string& bytes) -> absl::Status {
      if (path == content_path) return absl::OkStatus();
      FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string_view> others,
                               SplitBundle(bytes, file_width));
      for (uint64_t i = 0; i < std::min(width, file_width); ++i) {
        if (others[i] != entries[i]) {
          return Finding("F3", absl::StrCat(path, " entry ", i, " differs"));
        }
      }
      return absl::OkStatus();
    };
    return ForEachFile(file, compare);
  }

  // Compares every file of a hash tile with the hashes recomputed. Hashes beyond them, which a
  // crash can leave before a newer checkpoint, are neither an error nor believed (F5).
  absl::Status HashTile(int level, uint64_t n, const std::string& recomputed) const {
    const uint64_t width = recomputed.size() / kHashBytes;
    return ForEachFile({level, n, width},
                       [&](const std::string& path, uint64_t file_width,
                           const std::string& bytes) -> absl::Status {
                         FORBEAR_RETURN_IF_ERROR(CheckWidth({level, n, file_width}, path, bytes));
                         for (uint64_t i = 0; i < std::min(width, file_width); ++i) {
                           if (bytes.compare(i * kHashBytes, kHashBytes, recomputed, i * kHashBytes,
                                             kHashBytes) != 0) {
                             return Finding("F3", absl::StrCat(path, " hash ", i, " differs"));
                           }
                         }
                         return absl::OkStatus();
                       });
  }

  // F2 of the files that the checkpoint does not reach: what they hold is not believed (F5), but a
  // file of another width than its path says was not left by a crash.
  absl::Status FilesBeyond() const {
    FORBEAR_ASSIGN_OR_RETURN(std::vector<std::string> paths, files_.TileFiles());
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
      const std::optional<TileFile> file = TileFileOf(path);
      if (!file.has_value()) continue;  // a temporary file, or another stranger
      const uint64_t hashes = HashesAt(std::max(file->level, 0), size_);
      // Reached, wholly or partly, and so compared already.
      if (file->n < hashes / kTileWidth + (hashes % kTileWidth != 0 ? 1 : 0)) continue;
      FORBEAR_ASSIGN_OR_RETURN(const auto content, ReadIfThere(path));
      if (!content.has_value()) continue;
      FORBEAR_RETURN_IF_ERROR(CheckWidth(*file, path, *content));
    }
    return absl::OkStatus();
  }

  static absl::Status CheckWidth(const TileFile& file, const std::string& path,
                                 const std::string& bytes) {
    if (file.level == kBundleLevel) {
      const auto entries = SplitBundle(bytes, file.width);
      if (entries.ok()) return absl::OkStatus();
      return Finding("F2", absl::StrCat(path, " ", entries.status().message()));
    }
    if (bytes.size() == file.width * kHashBytes) return absl::OkStatus();
    return Finding("F2", absl::StrCat(path, " has ", bytes.size(), " bytes where ",
                                      file.width * kHashBytes, " belong"));
  }

  const FileSource& files_;
  uint64_t size_;
  Bytes32 root_;
  OlderRoots older_;
  EntryChecker checker_;
  Tree tree_;
  absl::Status entry_finding_;
};

// The columns of a row against the entry they were copied from.
absl::Status CheckColumns(const EntryRow& row, const cj1::Value& entry) {
  const auto differs = [&](const char* condition, const char* column) {
    return Finding(condition, absl::StrCat("log_entry ", row.seq, " ", column,
                                           " differs from the stored bytes"));
  };
  const cj1::Value* tseq = entry.Find("tseq");
  if (ToHex(row.id) != TextOf(entry.Find("id"))) return differs("E6", "id");
  if (row.kind != TextOf(entry.Find("kind"))) return differs("E8", "kind");
  if (row.tenant != TextOf(entry.Find("tenant"))) return differs("E10", "tenant");
  if (row.tseq.has_value() != (tseq != nullptr) ||
      (tseq != nullptr && static_cast<int64_t>(*row.tseq) != tseq->AsInteger())) {
    return differs("E10", "tseq");
  }
  if (ToHex(row.borrower) != TextOf(entry.Find("borrower"))) return differs("E10", "borrower");
  return absl::OkStatus();
}

}  // namespace

std::string_view ConditionOf(const absl::Status& status) {
  const std::string_view message = FromAbsl(status.message());
  if (!absl::IsDataLoss(status) || message.empty()) return {};
  if (std::string_view("EFGPX").find(message[0]) == std::string_view::npos) return {};
  size_t end = 1;
  while (end < message.size() && message[end] >= '0' && message[end] <= '9') ++end;
  if (end == 1 || message.substr(end, 2) != ": ") return {};
  return message.substr(0, end);
}

std::string_view AttemptStepName(AttemptStep step) {
  switch (step) {
    case AttemptStep::kReserved:
      return "reserved";
    case AttemptStep::kDispatched:
      return "dispatched";
    case AttemptStep::kSettled:
      return "settled";
    case AttemptStep::kInDoubt:
      return "in_doubt";
    case AttemptStep::kReleased:
      return "released";
    case AttemptStep::kResolved:
      return "resolved";
  }
  return "";
}

absl::Status EntryChecker::Broken(const char* condition, std::string_view what) const {
  return Finding(condition, absl::StrCat("entry ", index_, " ", ToAbsl(what)));
}

absl::Status EntryChecker::Check(std::string_view bytes) {
  auto parsed = cj1::Parse(bytes);
  if (!parsed.ok()) return Broken("E1", FromAbsl(parsed.status().message()));
  entry_ = *std::move(parsed);
  if (bytes.size() > kMaxEntryBytes) return Broken("E2", "is longer than 16384 bytes");
  FORBEAR_RETURN_IF_ERROR(CheckMembers());
  ++index_;
  return absl::OkStatus();
}

absl::Status EntryChecker::CheckMembers() {
  for (const std::string_view name : kRequired) {
    if (entry_.Find(name) == nullptr) return Broken("E3", absl::StrCat("lacks ", ToAbsl(name)));
  }
  for (const auto& [name, value] : entry_.AsObject()) {
    if (!std::binary_search(std::begin(kMembers), std::end(kMembers), std::string_view(name))) {
      return Broken("E3", "has a member that format 1 does not know");
    }
    if ((name == "ref" || name == "data") && !value.is_object()) {
      return Broken("E3", absl::StrCat(name, " is not an object"));
    }
  }
  const cj1::Value& version = *entry_.Find("v");
  if (!version.is_integer() || version.AsInteger() != 1) return Broken("E4", "v is not 1");
  if (TextOf(entry_.Find("log")) != origin_) return Broken("E4", "log is not the origin");
  const cj1::Value& seq = *entry_.Find("seq");
  if (!seq.is_integer() || seq.AsInteger() != static_cast<int64_t>(index_)) {
    return Broken("E5", "seq is not its index");
  }
  const std::string_view id = TextOf(entry_.Find("id"));
  if (!IsHexId(id)) return Broken("E6", "id is not 32 lower-case hex digits");
  if (!ids_.insert(Id128::FromHexDigits(id).value().bytes).second) {
    return Broken("E6", "id was used before");
  }
  const std::string_view time = TextOf(entry_.Find("time"));
  if (!IsEntryTime(time)) return Broken("E7", "time has not the form 2026-01-01T09:00:00Z");
  if (time < facts_.last_time) return Broken("E7", "time goes back");
  facts_.last_time = std::string(time);
  const std::string_view kind = TextOf(entry_.Find("kind"));
  if (!IsKind(kind)) return Broken("E8", "kind is not two or more dotted words");
  if ((kind == kLogOpened) != (index_ == 0)) {
    return Broken("E8", "kind: log.opened is the first entry and no other");
  }
  const cj1::Value& actor = *entry_.Find("actor");
  const std::string_view actor_kind = TextOf(actor.Find("kind"));
  if (actor_kind != "user" && actor_kind != "service" && actor_kind != "system") {
    return Broken("E9", "actor.kind is not user, service or system");
  }
  if (TextOf(actor.Find("id")).empty()) return Broken("E9", "actor.id is empty");
  if (TextOf(entry_.Find("node")).empty()) return Broken("E9", "node is empty");

  const cj1::Value* tenant = entry_.Find("tenant");
  const cj1::Value* tseq = entry_.Find("tseq");
  const cj1::Value* borrower = entry_.Find("borrower");
  if ((tenant == nullptr) != (tseq == nullptr)) {
    return Broken("E10", "has one of tenant and tseq without the other");
  }
  if (tenant != nullptr) {
    if (!tenant->is_string()) return Broken("E10", "tenant is not a string");
    uint64_t& count = facts_.tenants[tenant->AsString()];
    if (!tseq->is_integer() || tseq->AsInteger() != static_cast<int64_t>(count)) {
      return Broken("E10", "tseq does not follow the tenant's last entry");
    }
    ++count;
  }
  if (borrower != nullptr && (tenant == nullptr || !IsHexId(TextOf(borrower)))) {
    return Broken("E10", "borrower is not 32 hex digits beside a tenant");
  }
  for (const char* member : {"actor", "node", "tenant", "ref", "data"}) {
    const cj1::Value* value = entry_.Find(member);
    if (value == nullptr) continue;
    if (const auto path = FindUnclear(*value)) {
      return Broken("E11", absl::StrCat(member, *path, " may not stand in clear"));
    }
  }
  FORBEAR_RETURN_IF_ERROR(CheckAttempt(kind));
  if (const cj1::Value* seal = entry_.Find("seal")) FORBEAR_RETURN_IF_ERROR(CheckSeal(*seal));
  NoteErasure(kind);
  const auto counted = facts_.kinds.find(kind);
  if (counted != facts_.kinds.end()) {
    ++counted->second;
  } else {
    facts_.kinds.emplace(kind, 1);
  }
  return absl::OkStatus();
}

absl::Status EntryChecker::CheckAttempt(std::string_view kind) {
  if (!kind.starts_with("attempt.")) return absl::OkStatus();
  const cj1::Value* ref = entry_.Find("ref");
  const std::string_view attempt = TextOf(ref == nullptr ? nullptr : ref->Find("attempt"));
  if (attempt.empty()) return Broken("E12", "is an attempt's and has no ref.attempt");
  const Id128 key = AttemptKey(attempt);
  const auto known = facts_.attempts.find(key);
  const std::optional<AttemptStep> step = StepOf(kind);
  if (!step.has_value()) {
    if (kind != "attempt.receipt") return Broken("E12", "is no step that an attempt makes");
    if (known == facts_.attempts.end()) return Broken("E12", "is a receipt before reserved");
    return absl::OkStatus();
  }
  if (known == facts_.attempts.end()) {
    if (*step != AttemptStep::kReserved) {
      return Broken("E12", absl::StrCat(ToAbsl(AttemptStepName(*step)), " before reserved"));
    }
    facts_.attempts.emplace(key, *step);
    return absl::OkStatus();
  }
  if (!MayFollow(known->second, *step)) {
    return Broken("E12", absl::StrCat(ToAbsl(AttemptStepName(*step)), " after ",
                                      ToAbsl(AttemptStepName(known->second))));
  }
  known->second = *step;
  return absl::OkStatus();
}

absl::Status EntryChecker::CheckSeal(const cj1::Value& seal) {
  const std::string_view kid = TextOf(seal.Find("kid"));
  const std::string_view nonce = TextOf(seal.Find("n"));
  const size_t sealed = BytesIn(TextOf(seal.Find("ct")));
  if (!seal.is_object() || seal.AsObject().size() != 4 ||
      TextOf(seal.Find("alg")) != kSealAlgorithm || BytesIn(kid) != kKidBytes ||
      BytesIn(nonce) != kNonceBytes || sealed < kSealedBlock + kSealTag ||
      sealed % kSealedBlock != kSealTag) {
    return Broken("E13", "seal is not alg, kid, n and ct in their forms");
  }
  if (erased_.contains(ToAbsl(kid))) {
    return Broken("X2", "is sealed with a key that an entry before it calls erased");
  }
  const Bytes32 digest = Sha256(absl::StrCat(ToAbsl(kid), "\n", ToAbsl(nonce)));
  if (!seals_.emplace(AsText(digest).substr(0, 16)).second) {
    return Broken("E13", "seal has the kid and n of an earlier one");
  }
  return absl::OkStatus();
}

// X2: from this entry on, nothing is sealed with the keys that it names.
void EntryChecker::NoteErasure(std::string_view kind) {
  if (kind != "borrower.erase_started" && kind != "borrower.erased") return;
  const cj1::Value* data = entry_.Find("data");
  const cj1::Value* kids = data == nullptr ? nullptr : data->Find("kids");
  if (kids == nullptr || !kids->is_array()) return;
  for (const cj1::Value& kid : kids->AsArray()) {
    if (kid.is_string()) erased_.emplace(kid.AsString());
  }
}

absl::StatusOr<VerifiedLog> VerifyExport(const FileSource& files, const VerifierKey& key,
                                         const std::vector<OlderNote>& older) {
  auto note = files.Read("checkpoint");
  if (absl::IsNotFound(note.status())) return Finding("G1", "`checkpoint` is missing");
  if (!note.ok()) return note.status();
  auto checkpoint = OpenCheckpoint(*note, key);
  if (!checkpoint.ok()) return At("checkpoint", checkpoint.status());
  FORBEAR_ASSIGN_OR_RETURN(OlderRoots roots, OlderRoots::Open(older, key, checkpoint->head.size));
  FORBEAR_ASSIGN_OR_RETURN(LogFacts facts,
                           ExportVerifier(files, *checkpoint, std::move(roots)).Run());
  return VerifiedLog{*std::move(checkpoint), std::move(facts)};
}

absl::StatusOr<VerifiedStore> VerifyStore(const StoreSource& store, const VerifierKey& key,
                                          const std::vector<OlderNote>& older) {
  VerifiedStore result;
  FORBEAR_ASSIGN_OR_RETURN(result.head, store.Head());
  const LogHead& head = result.head;
  if (head.origin != key.name) return Finding("G3", "log_head: the origin is not the key's name");
  FORBEAR_ASSIGN_OR_RETURN(OlderRoots roots, OlderRoots::Open(older, key, head.size));
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<CheckpointRow> checkpoints, store.CheckpointRows());
  for (const CheckpointRow& row : checkpoints) {
    const std::string place = absl::StrCat("log_checkpoint ", row.size);
    auto checkpoint = OpenCheckpoint(row.note, key);
    if (!checkpoint.ok()) return At(place, checkpoint.status());
    if (checkpoint->head.size != row.size || AsText(checkpoint->head.root) != row.root) {
      return Finding("G7", absl::StrCat(place, " has another size or root than its own note"));
    }
    FORBEAR_RETURN_IF_ERROR(roots.Add(place, checkpoint->head, head.size));
    result.newest = *std::move(checkpoint);
  }

  EntryChecker checker(head.origin);
  absl::Status entry_finding;
  Tree tree;
  roots.Compare(tree);
  uint64_t tiles = 0;
  for (uint64_t from = 0; from < head.size; from += kTileWidth) {
    const uint64_t to = std::min(from + kTileWidth, head.size);
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<EntryRow> rows, store.EntryRows(from, to));
    std::vector<FullTile> full;
    for (uint64_t seq = from; seq < to; ++seq) {
      if (seq - from >= rows.size() || rows[seq - from].seq != seq) {
        return Finding("F1", absl::StrCat("log_entry ", seq, " is missing"));
      }
      const EntryRow& row = rows[seq - from];
      const Bytes32 leaf = LeafHash(row.bytes);
      if (row.leaf_hash != AsText(leaf)) {
        return Finding("F3",
                       absl::StrCat("log_entry ", seq, " leaf_hash differs from the stored bytes"));
      }
      if (entry_finding.ok()) entry_finding = checker.Check(row.bytes);
      if (entry_finding.ok()) entry_finding = CheckColumns(row, checker.entry());
      tree.Append(leaf, &full);
      roots.Compare(tree);
    }
    for (const FullTile& tile : full) {
      const std::string place = absl::StrCat("log_tile ", tile.level, "/", tile.n);
      const auto stored = store.ReadTile(tile.level, tile.n);
      if (absl::IsNotFound(stored.status()))
        return Finding("F1", absl::StrCat(place, " is missing"));
      if (!stored.ok()) return stored.status();
      if (stored->size() != tile.bytes.size())
        return Finding("F2", absl::StrCat(place, " is not 8,192 bytes"));
      for (uint64_t i = 0; i < kTileWidth; ++i) {
        if (TileHash(*stored, i) != TileHash(tile.bytes, i)) {
          return Finding("F3", absl::StrCat(place, " hash ", i, " differs"));
        }
      }
      ++tiles;
    }
  }
  FORBEAR_ASSIGN_OR_RETURN(const uint64_t entry_rows, store.CountEntries());
  if (entry_rows != head.size) {
    return Finding(
        "F1", absl::StrCat("log_entry has ", entry_rows, " rows and log_head counts ", head.size));
  }
  FORBEAR_ASSIGN_OR_RETURN(const uint64_t tile_rows, store.CountTiles());
  if (tile_rows != tiles) {
    return Finding(
        "F1", absl::StrCat("log_tile has ", tile_rows, " rows where ", tiles, " tiles are full"));
  }
  if (tree.Root() != head.root || tree.peaks() != head.peaks) {
    return Finding("F4", "log_head has another root or other peaks than the entries");
  }
  FORBEAR_RETURN_IF_ERROR(roots.finding());
  FORBEAR_RETURN_IF_ERROR(entry_finding);
  if (head.size > 0 && FormatInstant(head.last_time) != checker.facts().last_time) {
    return Finding("E7", "log_head has another last time than the newest entry");
  }
  const auto& tenants = checker.facts().tenants;
  if (!std::equal(tenants.begin(), tenants.end(), head.tseq.begin(), head.tseq.end())) {
    return Finding("E10", "the store's numbers per tenant differ from the entries");
  }
  result.facts = checker.TakeFacts();
  return result;
}

}  // namespace forbear::audit
