#include "engine/audit/log.h"

#include <algorithm>
#include <utility>

#include "engine/model/status.h"

namespace forbear::audit {

LogWriter::LogWriter(std::string origin, std::string node)
    : origin_(std::move(origin)), node_(std::move(node)) {}

absl::StatusOr<LogWriter> LogWriter::Resume(LogHead head, std::string node,
                                            std::vector<std::vector<Bytes32>> tail) {
  FORBEAR_ASSIGN_OR_RETURN(Tree tree, Tree::FromTail(head.size, std::move(tail)));
  if (tree.peaks() != head.peaks || tree.Root() != head.root) {
    return DataLoss(
        "the log's head differs from its entries and tiles: one of them was changed; make no "
        "contact and compare with the export");
  }
  LogWriter writer(std::move(head.origin), std::move(node));
  writer.tree_ = std::move(tree);
  writer.last_time_ = head.last_time;
  for (const auto& [tenant, entries] : head.tseq) {
    writer.tenants_[writer.IndexOf(tenant)].entries = entries;
  }
  return writer;
}

size_t LogWriter::IndexOf(std::string_view tenant) {
  const auto known = tenant_index_.find(tenant);
  if (known != tenant_index_.end()) return known->second;
  tenants_.push_back({std::string(tenant), 0});
  tenant_index_.emplace(tenant, tenants_.size() - 1);
  return tenants_.size() - 1;
}

absl::StatusOr<EncodedEntry> LogWriter::Append(const EntryDraft& draft, Instant now) {
  EncodedEntry entry;
  const Instant time = std::max(now, last_time_);
  const bool has_tenant = !draft.tenant.empty();
  const size_t index = has_tenant ? IndexOf(draft.tenant) : 0;
  entry.seq = tree_.size();
  if (has_tenant) entry.tseq = tenants_[index].entries;
  FORBEAR_ASSIGN_OR_RETURN(
      entry.bytes,
      EncodeEntry(
          draft,
          {.origin = origin_, .node = node_, .seq = entry.seq, .tseq = entry.tseq, .time = time}));
  entry.leaf_hash = LeafHash(entry.bytes);
  tree_.Append(entry.leaf_hash, &new_tiles_);
  last_time_ = time;
  if (has_tenant) {
    ++tenants_[index].entries;
    numbered_.push_back(index);
  }
  return entry;
}

LogWriter::Mark LogWriter::Save() const {
  return {.size = tree_.size(),
          .last_time = last_time_,
          .peaks = tree_.peaks(),
          .new_tiles = new_tiles_.size(),
          .numbered = numbered_.size()};
}

void LogWriter::RollbackTo(const Mark& mark) {
  FORBEAR_CHECK(mark.new_tiles <= new_tiles_.size() && mark.numbered <= numbered_.size());
  tree_.CutTo(mark.size, mark.peaks, new_tiles_, mark.new_tiles);
  new_tiles_.resize(mark.new_tiles);
  while (numbered_.size() > mark.numbered) {
    --tenants_[numbered_.back()].entries;
    numbered_.pop_back();
  }
  last_time_ = mark.last_time;
}

const std::vector<FullTile>& LogWriter::NewTiles() const { return new_tiles_; }

void LogWriter::Commit() {
  new_tiles_.clear();
  numbered_.clear();
}

LogHead LogWriter::Head() const {
  LogHead head;
  head.origin = origin_;
  head.size = tree_.size();
  head.root = tree_.Root();
  head.peaks = tree_.peaks();
  head.last_time = last_time_;
  for (const TenantCount& tenant : tenants_) {
    if (tenant.entries > 0) head.tseq.emplace(tenant.tenant, tenant.entries);
  }
  return head;
}

}  // namespace forbear::audit
