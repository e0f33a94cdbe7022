// Who may call what: the one table of it, and who is calling.
//
// The table is security.md section 3 for the methods that exist. A method that is not in it is
// refused for everybody.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "engine/orchestrator/command.h"

namespace forbear::grpc_adapter {

// What a role may do with a method.
enum class Access : uint8_t {
  kNone,    // PERMISSION_DENIED and an access.denied entry
  kOwn,     // its own tenant
  kMasked,  // its own tenant, personal data masked
  kAll,     // every tenant
};

// How a method behaves when much is going on (security.md Q4).
enum class Room : uint8_t {
  kShared,    // shed when the house is full
  kReserved,  // never shed: it may be somebody asking to be left alone
};

struct Method {
  std::string_view service;  // "AccountService"
  std::string_view name;     // "SubmitAccount"
  Room room;
  Access lender, dialler, officer, auditor, operator_;

  constexpr Access For(CallerRole role) const {
    switch (role) {
      case CallerRole::kLender:
        return lender;
      case CallerRole::kDialler:
        return dialler;
      case CallerRole::kOfficer:
        return officer;
      case CallerRole::kAuditor:
        return auditor;
      case CallerRole::kOperator:
        return operator_;
    }
    return Access::kNone;
  }
};

namespace access_table {
inline constexpr Access N = Access::kNone, Y = Access::kOwn, M = Access::kMasked, A = Access::kAll;
inline constexpr Room S = Room::kShared, R = Room::kReserved;
// clang-format off
inline constexpr std::array kMethods{
    //                                                 lender dialler officer auditor operator
    Method{"AccountService", "SubmitAccount",        S, Y, N, N, N, N},
    Method{"AccountService", "SubmitAccounts",       S, Y, N, N, N, N},
    Method{"AccountService", "GetAccount",           S, Y, N, Y, M, N},
    Method{"AccountService", "ListAccounts",         S, Y, N, Y, M, N},
    Method{"AccountService", "RecordPayment",        R, Y, N, N, N, N},
    Method{"AccountService", "UpdateAccount",        S, Y, N, N, N, N},
    Method{"AccountService", "CloseAccount",         R, Y, N, N, N, N},
    Method{"BorrowerService", "GetBorrower",         S, Y, M, Y, M, N},
    Method{"BorrowerService", "UpdateBorrower",      R, Y, N, N, N, N},
    Method{"BorrowerService", "RecordConsent",       S, Y, N, Y, N, N},
    Method{"BorrowerService", "RevokeConsent",       R, Y, Y, Y, N, N},
    Method{"BorrowerService", "SetPreferences",      R, Y, Y, Y, N, N},
    Method{"BorrowerService", "RecordEvent",         R, Y, Y, Y, N, N},
    Method{"BorrowerService", "GetTimeline",         S, Y, N, Y, M, N},
    Method{"ContactService", "Evaluate",             S, Y, Y, Y, M, N},
    Method{"ContactService", "ListUpcoming",         S, Y, Y, Y, M, N},
    Method{"AuditService", "ListEntries",            S, N, N, Y, Y, N},
    Method{"AuditService", "GetEntry",               S, Y, N, Y, Y, N},
    Method{"AuditService", "ExportEntries",          S, N, N, Y, Y, N},
    Method{"AuditService", "GetReport",              S, N, N, Y, Y, N},
    Method{"AuditService", "GetCheckpoint",          S, Y, Y, Y, Y, A},
    Method{"AuditService", "GetInclusionProof",      S, Y, N, Y, Y, N},
    Method{"AuditService", "GetConsistencyProof",    S, Y, Y, Y, Y, A},
    Method{"OperationsService", "PauseContacts",     R, Y, N, Y, N, A},
    Method{"OperationsService", "ResumeContacts",    S, Y, N, Y, N, A},
    Method{"OperationsService", "GetStatus",         S, Y, Y, Y, Y, A},
};
// clang-format on
}  // namespace access_table

// nullptr: there is no such method, so nobody may call it.
constexpr const Method* FindMethod(std::string_view service, std::string_view name) {
  for (const Method& method : access_table::kMethods) {
    if (method.service == service && method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace forbear::grpc_adapter
