#include "adapters/grpc/services.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/hash.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kService = "AuditService";

// Whose entries a caller sees. Only an auditor of every tenant has none (security.md R3).
std::optional<std::string> TenantOf(const Call& call) {
  if (call.caller.tenant.empty() && call.caller.role == CallerRole::kAuditor) return std::nullopt;
  return call.caller.tenant;
}

absl::Status WriteEntry(const StoredEntry& entry, v1::Entry* out) {
  out->set_seq(entry.seq);
  out->set_leaf_hash(std::string(audit::AsText(entry.leaf_hash)));
  out->set_canonical(entry.bytes);
  FORBEAR_ASSIGN_OR_RETURN(const cj1::Value value, cj1::Parse(entry.bytes));
  const auto text = [&](std::string_view name) {
    const cj1::Value* member = value.Find(name);
    return member != nullptr && member->is_string() ? member->AsString() : std::string();
  };
  FORBEAR_ASSIGN_OR_RETURN(const Instant time, ParseInstant(text("time")));
  Write(time, out->mutable_entry_time());
  out->set_kind(text("kind"));
  out->set_borrower_id(text("borrower"));
  return absl::OkStatus();
}

}  // namespace

grpc::Status AuditServiceImpl::ListEntries(grpc::ServerContext* context,
                                           const v1::ListEntriesRequest* request,
                                           v1::ListEntriesResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "ListEntries", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        CheckPageSize(request->page_size(), reading);
        EntryQuery query;
        query.tenant = TenantOf(call);
        if (!request->borrower_id().empty()) {
          query.borrower =
              reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        }
        if (!request->kind_prefix().empty()) {
          query.kind_prefix = reading.ReadText(request->kind_prefix(), root.Of("kind_prefix"));
        }
        query.first_seq = request->first_seq();
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        if (!request->page_token().empty()) {
          FORBEAR_ASSIGN_OR_RETURN(const std::string text,
                                   backend_.OpenToken(call, request->page_token()));
          query.first_seq = std::stoull(text);
        }
        const auto size = static_cast<size_t>(PageSize(request->page_size()));
        query.limit = size + 1;
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<StoredEntry> entries,
                                 backend_.store().ListEntries(query));
        for (size_t i = 0; i < std::min(size, entries.size()); ++i) {
          FORBEAR_RETURN_IF_ERROR(WriteEntry(entries[i], response->add_entries()));
        }
        if (entries.size() > size) {
          response->set_next_page_token(
              backend_.SealToken(call, std::to_string(entries[size].seq)));
        }
        return absl::OkStatus();
      });
}

grpc::Status AuditServiceImpl::GetEntry(grpc::ServerContext* context,
                                        const v1::GetEntryRequest* request,
                                        v1::GetEntryResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetEntry", *context, [&](const Call& call) -> absl::Status {
        EntryQuery query;
        query.tenant = TenantOf(call);
        query.first_seq = request->seq();
        query.limit = 1;
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<StoredEntry> entries,
                                 backend_.store().ListEntries(query));
        if (entries.empty() || entries.front().seq != request->seq()) {
          return NotFound("no such entry");
        }
        return WriteEntry(entries.front(), response->mutable_entry());
      });
}

grpc::Status AuditServiceImpl::GetCheckpoint(grpc::ServerContext* context,
                                             const v1::GetCheckpointRequest*,
                                             v1::GetCheckpointResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetCheckpoint", *context, [&](const Call&) -> absl::Status {
        const absl::StatusOr<std::string> note =
            backend_.options().newest_checkpoint ? backend_.options().newest_checkpoint()
                                                 : absl::StatusOr<std::string>(NotFound(""));
        if (absl::IsNotFound(note.status())) {
          return FailedPrecondition("no checkpoint was signed yet; try again in a second");
        }
        FORBEAR_RETURN_IF_ERROR(note.status());
        FORBEAR_ASSIGN_OR_RETURN(const audit::Checkpoint checkpoint, audit::PeekCheckpoint(*note));
        response->set_checkpoint(*note);
        response->set_origin(checkpoint.origin);
        response->set_tree_size(checkpoint.head.size);
        response->set_root_hash(std::string(audit::AsText(checkpoint.head.root)));
        return absl::OkStatus();
      });
}

}  // namespace forbear::grpc_adapter
