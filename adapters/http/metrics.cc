#include "adapters/http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace forbear {

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& rpcs =
      prometheus::BuildCounter()
          .Name("forbear_rpc_total")
          .Help("Calls answered, by method and status code.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& rpc_seconds =
      prometheus::BuildHistogram()
          .Name("forbear_rpc_seconds")
          .Help("Time to answer a call.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& decisions =
      prometheus::BuildCounter()
          .Name("forbear_decisions_total")
          .Help("Decisions logged, by outcome and channel.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& attempts =
      prometheus::BuildCounter()
          .Name("forbear_attempts_total")
          .Help("Attempts that reached a state, by state and channel.")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Gauge& log_size = gauges("forbear_log_size", "Entries of the audit log.").Add({});
  prometheus::Gauge& accounts = gauges("forbear_accounts", "Accounts in the store.").Add({});
  prometheus::Gauge& borrowers = gauges("forbear_borrowers", "Borrowers in the store.").Add({});
  prometheus::Gauge& queue =
      gauges("forbear_queue_depth", "Commands waiting for the store.").Add({});
  prometheus::Gauge& refused =
      gauges("forbear_writes_refused", "1 while the store takes no writes.").Add({});
  prometheus::Gauge& waiting =
      gauges("forbear_due_queue", "Accounts that wait for an instant.").Add({});
  prometheus::Gauge& queued =
      gauges("forbear_queued_sends", "Reservations that wait for their channel's turn.").Add({});
  prometheus::Gauge& paused =
      gauges("forbear_paused_accounts", "Accounts due and held by a pause.").Add({});
  prometheus::Gauge& in_doubt =
      gauges("forbear_unknown_outcomes", "Sends since start whose end nobody knows.").Add({});
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::Rpc(std::string_view method, std::string_view code, std::chrono::nanoseconds took) {
  families_->rpcs.Add({{"method", std::string(method)}, {"code", std::string(code)}}).Increment();
  static const prometheus::Histogram::BucketBoundaries kBounds = {0.0005, 0.001, 0.0025, 0.005,
                                                                  0.01,   0.025, 0.05,   0.1,
                                                                  0.25,   1.0,   5.0};
  families_->rpc_seconds.Add({{"method", std::string(method)}}, kBounds)
      .Observe(std::chrono::duration<double>(took).count());
}

void Metrics::Decision(std::string_view outcome, std::string_view channel) {
  families_->decisions.Add({{"outcome", std::string(outcome)}, {"channel", std::string(channel)}})
      .Increment();
}

void Metrics::Attempt(std::string_view state, std::string_view channel) {
  families_->attempts.Add({{"state", std::string(state)}, {"channel", std::string(channel)}})
      .Increment();
}

void Metrics::Set(const StoreStatus& store, const Tally& tally) {
  families_->log_size.Set(static_cast<double>(store.log_size));
  families_->accounts.Set(static_cast<double>(store.accounts));
  families_->borrowers.Set(static_cast<double>(store.borrowers));
  families_->queue.Set(static_cast<double>(store.queued_commands));
  families_->refused.Set(store.writes_refused ? 1 : 0);
  families_->waiting.Set(static_cast<double>(tally.waiting));
  families_->queued.Set(static_cast<double>(tally.queued));
  families_->paused.Set(static_cast<double>(tally.paused));
  families_->in_doubt.Set(static_cast<double>(tally.in_doubt));
}

std::string Metrics::Text() const {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families_->registry.Collect());
  return text.str();
}

}  // namespace forbear
