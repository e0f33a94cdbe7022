// What the pages and the stream of the audit log have in common: whose entries, which of them, and
// how one is written.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <optional>
#include <string>

#include "adapters/grpc/backend.h"
#include "engine/audit/report.h"
#include "forbear/v1/audit_service.pb.h"

namespace forbear::grpc_adapter {

// Whose entries a caller sees. Only an auditor of every tenant has none (security.md R3).
std::optional<std::string> TenantOf(const Call& call);

// `entry`, with what is read out of it beside its bytes. kInvalidArgument when it cannot be read.
absl::Status WriteEntry(const StoredEntry& entry, v1::Entry* out);

// `start_time` and `end_time` of a request.
template <typename Request>
void ReadSpan(const Request& request, Reading& reading, EntryQuery* query) {
  const Path root;
  if (request.has_start_time()) {
    query->from = reading.ReadInstant(request.start_time(), root.Of("start_time"));
  }
  if (request.has_end_time()) {
    query->to = reading.ReadInstant(request.end_time(), root.Of("end_time"));
  }
  if (query->from.has_value() && query->to.has_value() && *query->to < *query->from) {
    reading.Refuse(root.Of("end_time"), "is before `start_time`");
  }
}

// The filters of a request, of the caller's tenant: those of ListEntries and ExportEntries have the
// same names.
template <typename Request>
EntryQuery ReadEntryQuery(const Call& call, const Request& request, Reading& reading) {
  const Path root;
  EntryQuery query;
  query.tenant = TenantOf(call);
  if (!request.borrower_id().empty()) {
    query.borrower = reading.ReadOurId<BorrowerId>(request.borrower_id(), root.Of("borrower_id"));
  }
  if (!request.account_id().empty()) {
    query.account = reading.ReadOurId<AccountId>(request.account_id(), root.Of("account_id"));
  }
  if (!request.attempt_id().empty()) {
    query.attempt = reading.ReadOurId<AttemptId>(request.attempt_id(), root.Of("attempt_id"));
  }
  const auto text = [&](const std::string& value, std::string_view name) {
    return value.empty() ? std::optional<std::string>() : reading.ReadText(value, root.Of(name));
  };
  query.kind_prefix = text(request.kind_prefix(), "kind_prefix");
  query.rule = text(request.rule(), "rule");
  query.jurisdiction = text(request.jurisdiction(), "jurisdiction");
  if (request.has_channel()) {
    query.channel = reading.ReadWord<Channel>(request.channel(), root.Of("channel"));
  }
  ReadSpan(request, reading, &query);
  query.first_seq = request.first_seq();
  return query;
}

// Counts the entries of `query` until there are `most` of them, page by page; then answers where to
// go on, or nothing when that was all. kDeadlineExceeded when `deadline` passes before.
absl::StatusOr<std::optional<uint64_t>> CountEntries(const Store& store, EntryQuery query,
                                                     uint64_t most,
                                                     std::chrono::system_clock::time_point deadline,
                                                     audit::EntryReport* report);

// The stream of ExportEntries; owns itself.
grpc::ServerWriteReactor<v1::ExportEntriesResponse>* MakeExportStream(
    Backend& backend, const Authenticator& authenticator, grpc::CallbackServerContext* context,
    const v1::ExportEntriesRequest& request);

}  // namespace forbear::grpc_adapter
