// How many accounts a second a running `serve` takes in over one stream, each answered when durable.
//
//   grpc_intake HOST:PORT COUNT FIRST DUE_DATE
//
// Accounts are numbered from FIRST; due on DUE_DATE they may or may not be reminded of at once. Prints
// one line of JSON: {"accounts": …, "seconds": …, "per_second": …}. Exit 1 when any was refused.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "forbear/v1/account_service.grpc.pb.h"

namespace {

namespace v1 = forbear::v1;

constexpr int64_t kAsOf = 1'772'323'200;  // 2026-03-01T00:00:00Z

v1::SubmitAccountsRequest MakeItem(uint64_t number, const std::string& due_date) {
  char name[32];
  std::snprintf(name, sizeof name, "B-%08llu", static_cast<unsigned long long>(number));
  v1::SubmitAccountsRequest request;
  v1::AccountSubmission& item = *request.mutable_submission();
  item.mutable_as_of()->set_seconds(kAsOf);
  v1::Account& account = *item.mutable_account();
  account.set_external_id(name);
  account.set_role(v1::ROLE_THIRD_PARTY_COLLECTOR);
  account.set_product(v1::PRODUCT_CREDIT_CARD);
  account.mutable_balance()->set_minor_units(static_cast<int64_t>(10'000 + number));
  account.mutable_balance()->set_currency("USD");
  account.set_due_date(due_date);
  v1::Borrower& borrower = *item.mutable_borrower();
  borrower.set_external_id(std::string(name) + "-person");
  borrower.set_name("Made Person");
  borrower.set_language("en");
  v1::Place& home = *borrower.add_places();
  home.set_kind(v1::TIED_TO_HOME);
  home.set_country("US");
  home.set_subdivision("US-OH");
  home.set_postal_code("43215");
  // A mail address of their own: people who share one would be taken for one person.
  v1::ContactPoint& mail = *borrower.add_contact_points();
  mail.set_id("mail");
  mail.set_kind(v1::POINT_KIND_EMAIL);
  mail.set_value(std::string(name) + "@example.com");
  mail.set_source(v1::POINT_SOURCE_BORROWER);
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: grpc_intake HOST:PORT COUNT FIRST DUE_DATE\n");
    return 2;
  }
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const uint64_t first = std::strtoull(argv[3], nullptr, 10);
  const std::string due_date = argv[4];

  const auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  const auto service = v1::AccountService::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = service->SubmitAccounts(&context);
  const auto began = std::chrono::steady_clock::now();
  std::thread writer([&] {
    for (uint64_t i = 0; i < count; ++i) {
      // Buffered, so that small items share a packet; the last ones are flushed by WritesDone.
      if (!stream->Write(MakeItem(first + i, due_date), grpc::WriteOptions().set_buffer_hint())) break;
    }
    stream->WritesDone();
  });
  uint64_t accepted = 0, refused = 0;
  v1::SubmitAccountsResponse response;
  while (stream->Read(&response)) {
    if (response.has_error()) {
      if (refused++ == 0) std::fprintf(stderr, "%s\n", response.error().message().c_str());
    } else {
      ++accepted;
    }
  }
  writer.join();
  const grpc::Status status = stream->Finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("{\"accounts\": %llu, \"seconds\": %.3f, \"per_second\": %.0f}\n",
              static_cast<unsigned long long>(accepted), took.count(),
              static_cast<double>(accepted) / took.count());
  if (!status.ok()) {
    std::fprintf(stderr, "grpc_intake: %s\n", status.error_message().c_str());
    return 1;
  }
  return refused == 0 && accepted == count ? 0 : 1;
}
