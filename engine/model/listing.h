// The fields of the model's types, each once: under which number a row keeps it, and under which name
// the log seals it. An archive goes through a listing to write a value or to read one:
//
//   Fields(archive, event);
//
// An archive has `Field<T>` (const T to write, T to read), `kIdentifies` (whether what names a person
// is listed too: a row keeps that in a cell of its own), and One, Maybe, Many, MaybeMany and Part.
// Numbers and names are for ever. The absent value of each field stands where it is listed, never taken
// from a type's default, so that a changed default cannot change what an old row or entry means.
//
// Implementations of archives: adapters/rows/codec.h, engine/orchestrator/facts_codec.cc. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"

namespace forbear {

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Money>& x) {
  ar.One(1, "minor_units", x.minor_units, int64_t{0});
  ar.One(2, "currency", x.currency, std::string());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Place>& x) {
  ar.One(1, "kind", x.kind, TiedTo::kHome);
  ar.One(2, "country", x.country, std::string());
  ar.One(3, "subdivision", x.subdivision, std::string());
  ar.One(4, "city", x.city, std::string());
  ar.One(5, "postal_code", x.postal_code, std::string());
  ar.One(6, "zone", x.zone, std::string());
}

// Without the value, which a row keeps apart and no decision reads: digests tell what is equal.
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<ContactPoint>& x) {
  ar.One(1, "id", x.id, ContactPointId());
  ar.One(2, "kind", x.kind, PointKind::kPhone);
  ar.One(3, "line", x.line, Line::kUnknown);
  ar.One(4, "owner", x.owner, Relation::kBorrower);
  ar.One(5, "party", x.party, Id128());
  ar.One(6, "tied_to", x.tied_to, TiedTo::kNone);
  ar.One(7, "shared", x.shared, false);
  ar.One(8, "verified", x.verified, false);
  ar.One(9, "source", x.source, PointSource::kUnknown);
  ar.One(10, "country", x.number_country, std::string());
  ar.Many(11, "zones", x.number_zones);
  ar.One(12, "whole_country", x.number_is_whole_country, false);
  ar.One(13, "link_digest", x.link_digest, Bytes32());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Party>& x) {
  ar.One(1, "id", x.id, Id128());
  ar.One(2, "relation", x.relation, Relation::kUnidentified);
  if constexpr (Ar::kIdentifies) ar.Maybe(3, "born_on", x.born_on);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<WeeklySlot>& x) {
  ar.One(1, "days", x.days, uint8_t{0});
  ar.One(2, "from_minute", x.from_minute, 0);
  ar.One(3, "to_minute", x.to_minute, 0);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Person>& x) {
  ar.One(1, "relation", x.relation, Relation::kBorrower);
  ar.One(2, "party", x.party, Id128());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Message>& x) {
  ar.One(1, "form", x.form, MessageForm::kFull);
  ar.One(2, "opt_out", x.opt_out, OptOutOffer::kUnstated);
  ar.Maybe(3, "mentions_debt", x.mentions_debt);
  ar.Maybe(4, "discloses_collector", x.discloses_collector);
  ar.Maybe(5, "reveals_trade", x.reveals_trade);
  ar.Maybe(6, "true_sender_name", x.true_sender_name);
  ar.Maybe(7, "names_firm_unasked", x.names_firm_unasked);
  ar.Maybe(8, "misleading_reason", x.misleading_reason);
  ar.Maybe(9, "payment_link", x.payment_link);
  ar.Maybe(10, "pressing_offer", x.pressing_offer);
  ar.Maybe(11, "demands_payment", x.demands_payment);
  ar.Maybe(12, "offer", x.offer);
  ar.Maybe(13, "commercial", x.commercial);
  ar.Maybe(14, "recipient_charged", x.recipient_charged);
  ar.MaybeMany(15, "carries", x.carries);
  ar.MaybeMany(17, "found", x.found);
  ar.MaybeMany(19, "languages", x.languages);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Talk>& x) {
  ar.One(1, "account", x.account, AccountId());
  ar.One(2, "raised_by_tenant", x.raised_by_tenant, true);
  ar.One(3, "declined", x.declined, false);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Account>& x) {
  ar.One(1, "role", x.role, Role::kThirdPartyCollector);
  ar.One(2, "product", x.product, Product::kOther);
  ar.Part(3, "balance", x.balance);
  ar.Part(4, "principal", x.principal);
  ar.One(5, "due_on", x.due_on, Day());
  ar.One(6, "original_creditor", x.original_creditor, std::string());
  ar.Maybe(7, "placed_on", x.placed_on);
  ar.Maybe(8, "defaulted_on", x.defaulted_on);
  ar.Maybe(9, "charged_off_on", x.charged_off_on);
  ar.Maybe(10, "limitation_expires_on", x.limitation_expires_on);
  ar.One(11, "account_number_at_placement", x.account_number_at_placement, std::string());
  ar.One(12, "serviced_by_tenant", x.serviced_by_tenant, false);
  ar.One(13, "stage", x.stage, Stage::kOverdue);
  ar.One(15, "as_of", x.as_of, Instant());
  ar.One(16, "version", x.version, uint64_t{0});
  ar.One(17, "product_name", x.declared_product, std::string());
  ar.One(18, "kind", x.kind, AccountKind::kUnknown);
  ar.One(19, "held_as", x.held_as, HeldAs::kUnknown);
  ar.One(20, "creditor_kind", x.creditor_kind, FirmKind::kUnknown);
  ar.Maybe(21, "secured", x.secured);
  ar.Maybe(22, "stale", x.stale);
  ar.MaybeMany(23, "contact_hours", x.hours);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Event>& x) {
  ar.One(1, "event", x.name, EventName::kAttempt);
  ar.One(2, "at", x.at, Instant());
  ar.Maybe(3, "received_at", x.received_at);
  ar.One(4, "by", x.by, DoneBy::kTenant);
  ar.One(5, "by_party", x.by_party, Id128());
  ar.Many(6, "accounts", x.accounts);
  ar.Maybe(7, "channel", x.channel);
  ar.Maybe(8, "contact_point", x.point);
  ar.Part(9, "to", x.to);
  ar.Maybe(10, "purpose", x.purpose);
  ar.Maybe(11, "outcome", x.outcome);
  ar.Part(12, "message", x.message);
  ar.One(13, "dialling", x.dialling, Dialling::kManual);
  ar.One(14, "voice", x.voice, Voice::kHuman);
  ar.One(15, "automated", x.automated, false);
  ar.One(16, "requested", x.requested, false);
  ar.Maybe(17, "answers", x.answers);
  ar.Maybe(18, "relies_on", x.relies_on);
  ar.One(19, "answered_by", x.answered_by, Id128());
  ar.MaybeMany(20, "talk", x.talk);  // "all accounts" and "no account" are different things to talk about
  ar.Maybe(22, "attempt", x.attempt);
  ar.Maybe(23, "notice", x.notice);
  ar.Maybe(24, "opt_out_by", x.opt_out_by);
  ar.Maybe(25, "period_ends_on", x.period_ends_on);
  ar.Maybe(26, "received_on", x.received_on);
  ar.Maybe(27, "via", x.via);
  ar.Many(28, "channels", x.channels);
  ar.Many(29, "contact_points", x.points);
  ar.Many(30, "covers", x.covers);
  ar.Maybe(31, "form", x.consent_form);
  ar.One(32, "use_disclosed", x.use_disclosed, true);
  ar.One(33, "given_to", x.given_to, DoneBy::kTenant);
  ar.Many(34, "windows", x.windows);
  ar.Maybe(35, "first_day", x.first_day);
  ar.Maybe(36, "last_day", x.last_day);
  ar.Maybe(37, "until", x.until);
  ar.Many(38, "places", x.places);
  ar.Maybe(39, "where", x.where);
  ar.Maybe(40, "place", x.place);
  ar.Maybe(41, "wording", x.wording);
  ar.Maybe(42, "attorney", x.attorney);
  ar.One(43, "repeats", x.repeats, false);
  ar.One(44, "new_evidence", x.new_evidence, false);
  ar.One(45, "refuses_to_pay", x.refuses_to_pay, false);
  ar.Maybe(46, "confirmed", x.confirmed);
  ar.One(47, "ended", x.ended, false);
  ar.One(48, "cause", x.cause, std::string());
  ar.One(49, "owner", x.owner, Relation::kBorrower);
  ar.One(50, "owner_party", x.owner_party, Id128());
  ar.Maybe(51, "same_user_since", x.same_user_since);
  ar.One(52, "amount", x.amount_minor_units, int64_t{0});
  ar.One(53, "declared_name", x.declared_name, std::string());
  ar.One(54, "notice_name", x.declared_notice, std::string());
  ar.One(55, "document", x.document, std::string());
}

// Without the name, which no decision reads.
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Borrower>& x) {
  ar.One(1, "language", x.language, std::string());
  ar.One(2, "declared_zone", x.declared_zone, std::string());
  ar.Maybe(3, "declared_zone_at", x.declared_zone_at);
  ar.Many(4, "contact_points", x.contact_points);
  ar.Many(5, "parties", x.parties);
  ar.Many(6, "refused_channels", x.refused_channels);
  ar.One(7, "version", x.version, uint64_t{0});
  ar.MaybeMany(8, "work_hours", x.work_hours);
  if constexpr (Ar::kIdentifies) {
    ar.Maybe(10, "born_on", x.born_on);
    ar.Many(11, "places", x.places);
  }
}

}  // namespace forbear
