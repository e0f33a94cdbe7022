#include <algorithm>
#include <utility>

#include "adapters/grpc/audit_query.h"
#include "adapters/grpc/services.h"
#include "engine/audit/hash.h"
#include "engine/audit/proof_text.h"
#include "engine/audit/report.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kService = "AuditService";

// GetReport counts so many entries a call, some seconds' work, and then says where it stopped.
constexpr uint64_t kMostEntriesCounted = 200'000;
// It holds so many of them at a time.
constexpr size_t kCountedAtOnce = 1'000;

absl::Status NotSignedYet() {
  return WithReason(FailedPrecondition("no checkpoint reaches so far yet; one is signed within a "
                                       "second while the log grows: try again then"),
                    "NOT_SIGNED_YET");
}

struct SignedHead {
  std::string note;
  audit::Checkpoint checkpoint;
};

absl::StatusOr<SignedHead> NewestCheckpoint(const Backend& backend) {
  if (!backend.options().newest_checkpoint) return NotSignedYet();
  absl::StatusOr<std::string> note = backend.options().newest_checkpoint();
  if (absl::IsNotFound(note.status())) return NotSignedYet();
  FORBEAR_RETURN_IF_ERROR(note.status());
  FORBEAR_ASSIGN_OR_RETURN(audit::Checkpoint checkpoint, audit::PeekCheckpoint(*note));
  return SignedHead{*std::move(note), std::move(checkpoint)};
}

// One entry of the caller's, or the same NOT_FOUND whatever stands there (N2).
absl::StatusOr<StoredEntry> FindEntry(const Backend& backend, const Call& call, uint64_t seq) {
  EntryQuery query;
  query.tenant = TenantOf(call);
  query.first_seq = seq;
  query.limit = 1;
  query.scan_limit = 1;
  FORBEAR_ASSIGN_OR_RETURN(EntryPage page, backend.store().ScanEntries(query));
  if (page.entries.empty() || page.entries.front().seq != seq) return NotFound("no such entry");
  return std::move(page.entries.front());
}

// The tiles of the first `size` entries, with what they are read from.
struct LogTiles {
  std::unique_ptr<audit::EntrySource> source;
  audit::StoredTiles tiles;
};
absl::StatusOr<LogTiles> OpenTiles(const Backend& backend, uint64_t size) {
  if (!backend.options().open_log) return FailedPrecondition("this server makes no proofs");
  std::unique_ptr<audit::EntrySource> source = backend.options().open_log();
  FORBEAR_ASSIGN_OR_RETURN(audit::StoredTiles tiles, audit::StoredTiles::Make(*source, size));
  return LogTiles{std::move(source), std::move(tiles)};
}

void Write(const audit::Proof& proof, google::protobuf::RepeatedPtrField<std::string>* out) {
  for (const Bytes32& hash : proof) out->Add(std::string(audit::AsText(hash)));
}

void Write(const audit::AnswerCounts& counts, v1::AnswerCounts* out) {
  out->set_allowed(counts.allowed);
  out->set_deferred(counts.deferred);
  out->set_denied(counts.denied);
}

void Write(const audit::EntryReport& report, v1::GetReportResponse* out) {
  out->set_entries(report.entries);
  for (const auto& [kind, count] : report.kinds) {
    v1::KindCount* row = out->add_kinds();
    row->set_kind(kind);
    row->set_count(count);
  }
  Write(report.answers, out->mutable_answers());
  for (const auto& [rule, count] : report.denying_rules) {
    v1::RuleCount* row = out->add_denying_rules();
    row->set_rule(rule);
    row->set_count(count);
  }
  for (const auto& [place, answers] : report.places) {
    v1::PlaceCount* row = out->add_places();
    row->set_jurisdiction(place.first);
    if (const auto channel = ParseWord<Channel>(place.second)) row->set_channel(ToProto(*channel));
    Write(answers, row->mutable_answers());
  }
}

// A token's content is a number of ours: it was sealed here.
absl::Status ReadToken(const Backend& backend, const Call& call, const std::string& token,
                       EntryQuery* query) {
  if (token.empty()) return absl::OkStatus();
  FORBEAR_ASSIGN_OR_RETURN(const std::string text, backend.OpenToken(call, token));
  query->first_seq = std::stoull(text);
  return absl::OkStatus();
}

}  // namespace

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

absl::StatusOr<std::optional<uint64_t>> CountEntries(
    const Store& store, EntryQuery query, uint64_t most,
    std::chrono::system_clock::time_point deadline, audit::EntryReport* report) {
  for (uint64_t left = most; left > 0;) {
    if (std::chrono::system_clock::now() >= deadline) {
      return absl::DeadlineExceededError("the counting took too long; ask for less time");
    }
    query.limit = std::min<uint64_t>(left, kCountedAtOnce);
    FORBEAR_ASSIGN_OR_RETURN(const EntryPage page, store.ScanEntries(query));
    for (const StoredEntry& entry : page.entries) {
      FORBEAR_ASSIGN_OR_RETURN(const cj1::Value value, cj1::Parse(entry.bytes));
      report->Count(value);
    }
    left -= page.entries.size();
    if (!page.next_seq.has_value()) return std::nullopt;
    query.first_seq = *page.next_seq;
  }
  return query.first_seq;
}

grpc::Status AuditServiceImpl::ListEntries(grpc::ServerContext* context,
                                           const v1::ListEntriesRequest* request,
                                           v1::ListEntriesResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "ListEntries", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        CheckPageSize(request->page_size(), reading);
        EntryQuery query = ReadEntryQuery(call, *request, reading);
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        FORBEAR_RETURN_IF_ERROR(ReadToken(backend_, call, request->page_token(), &query));
        query.limit = static_cast<size_t>(PageSize(request->page_size()));
        FORBEAR_ASSIGN_OR_RETURN(const EntryPage page, backend_.store().ScanEntries(query));
        for (const StoredEntry& entry : page.entries) {
          FORBEAR_RETURN_IF_ERROR(WriteEntry(entry, response->add_entries()));
        }
        if (page.next_seq.has_value()) {
          response->set_next_page_token(
              backend_.SealToken(call, std::to_string(*page.next_seq)));
        }
        return absl::OkStatus();
      });
}

grpc::Status AuditServiceImpl::GetEntry(grpc::ServerContext* context,
                                        const v1::GetEntryRequest* request,
                                        v1::GetEntryResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetEntry", *context, [&](const Call& call) -> absl::Status {
        FORBEAR_ASSIGN_OR_RETURN(const StoredEntry entry,
                                 FindEntry(backend_, call, request->seq()));
        return WriteEntry(entry, response->mutable_entry());
      });
}

grpc::Status AuditServiceImpl::GetCheckpoint(grpc::ServerContext* context,
                                             const v1::GetCheckpointRequest*,
                                             v1::GetCheckpointResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetCheckpoint", *context, [&](const Call&) -> absl::Status {
        FORBEAR_ASSIGN_OR_RETURN(const SignedHead newest, NewestCheckpoint(backend_));
        response->set_checkpoint(newest.note);
        response->set_origin(newest.checkpoint.origin);
        response->set_tree_size(newest.checkpoint.head.size);
        response->set_root_hash(std::string(audit::AsText(newest.checkpoint.head.root)));
        return absl::OkStatus();
      });
}

grpc::Status AuditServiceImpl::GetInclusionProof(grpc::ServerContext* context,
                                                 const v1::GetInclusionProofRequest* request,
                                                 v1::GetInclusionProofResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetInclusionProof", *context,
      [&](const Call& call) -> absl::Status {
        const uint64_t seq = request->seq();
        // First whether it is there for this caller: nothing else is told of what is not.
        FORBEAR_ASSIGN_OR_RETURN(const StoredEntry entry, FindEntry(backend_, call, seq));
        if (request->tree_size() != 0 && seq >= request->tree_size()) {
          return ToStatus({{"tree_size", "does not reach the entry: want more than its number"}});
        }
        FORBEAR_ASSIGN_OR_RETURN(const SignedHead newest, NewestCheckpoint(backend_));
        const audit::TreeHead& head = newest.checkpoint.head;
        const uint64_t size = request->tree_size() == 0 ? head.size : request->tree_size();
        if (size > head.size || seq >= size) return NotSignedYet();
        FORBEAR_ASSIGN_OR_RETURN(LogTiles log, OpenTiles(backend_, size));
        audit::ProofText proof{seq, {}, size == head.size ? newest.note : ""};
        FORBEAR_ASSIGN_OR_RETURN(proof.hashes, audit::InclusionProof(seq, size, log.tiles));
        // What a caller would find wrong is found here first.
        const audit::TreeHead claimed = size == head.size ? head : log.tiles.tree().Head();
        if (const absl::Status proven =
                audit::VerifyInclusion(entry.leaf_hash, seq, claimed, proof.hashes);
            !proven.ok()) {
          return DataLoss("the log's tiles do not prove its own entry; make no contact and verify "
                          "the log");
        }
        if (size == head.size) {
          response->set_proof(audit::EncodeProofText(proof));
          response->set_checkpoint(newest.note);
        }
        Write(proof.hashes, response->mutable_hashes());
        response->set_tree_size(size);
        response->set_leaf_hash(std::string(audit::AsText(entry.leaf_hash)));
        return absl::OkStatus();
      });
}

grpc::Status AuditServiceImpl::GetConsistencyProof(grpc::ServerContext* context,
                                                   const v1::GetConsistencyProofRequest* request,
                                                   v1::GetConsistencyProofResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetConsistencyProof", *context,
      [&](const Call&) -> absl::Status {
        const uint64_t from = request->from_size();
        if (request->to_size() != 0 && from > request->to_size()) {
          return ToStatus({{"from_size", "is larger than `to_size`"}});
        }
        FORBEAR_ASSIGN_OR_RETURN(const SignedHead newest, NewestCheckpoint(backend_));
        const uint64_t signed_size = newest.checkpoint.head.size;
        const uint64_t to = request->to_size() == 0 ? signed_size : request->to_size();
        if (to > signed_size || from > to) return NotSignedYet();
        FORBEAR_ASSIGN_OR_RETURN(LogTiles log, OpenTiles(backend_, to));
        FORBEAR_ASSIGN_OR_RETURN(const audit::Proof proof,
                                 audit::ConsistencyProof(from, to, log.tiles));
        Write(proof, response->mutable_hashes());
        response->set_from_size(from);
        response->set_to_size(to);
        if (to == signed_size) response->set_checkpoint(newest.note);
        return absl::OkStatus();
      });
}

grpc::Status AuditServiceImpl::GetReport(grpc::ServerContext* context,
                                         const v1::GetReportRequest* request,
                                         v1::GetReportResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetReport", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        EntryQuery query;
        query.tenant = TenantOf(call);
        ReadSpan(*request, reading, &query);
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        FORBEAR_RETURN_IF_ERROR(ReadToken(backend_, call, request->page_token(), &query));
        audit::EntryReport report;
        FORBEAR_ASSIGN_OR_RETURN(
            const std::optional<uint64_t> next,
            CountEntries(backend_.store(), std::move(query), kMostEntriesCounted, call.deadline,
                         &report));
        Write(report, response);
        if (next.has_value()) {
          response->set_next_page_token(backend_.SealToken(call, std::to_string(*next)));
        }
        return absl::OkStatus();
      });
}

grpc::ServerWriteReactor<v1::ExportEntriesResponse>* AuditServiceImpl::ExportEntries(
    grpc::CallbackServerContext* context, const v1::ExportEntriesRequest* request) {
  return MakeExportStream(backend_, authenticator_, context, *request);
}

}  // namespace forbear::grpc_adapter
