#include "adapters/rows/rows.h"
#include "engine/orchestrator/facts_codec.h"

#include <gtest/gtest.h>

#include "adapters/rows/codec.h"

namespace forbear::rows {
namespace {

template <typename T>
T MakeId(uint8_t byte) {
  T id;
  id.bytes.fill(byte);
  return id;
}
Instant At(int64_t seconds) { return Instant(Seconds(seconds)); }
Day On(int days) { return Day(date::days(days)); }

// Every field has a value that is not its absent one: a field that is missing in the listing comes
// back as its default and the rows differ.
Event FullEvent() {
  Event x;
  x.name = EventName::kAppSession;
  x.at = At(1'772'409'600);
  x.received_at = At(0);
  x.by = DoneBy::kParty;
  x.by_party = MakeId<Id128>(1);
  x.accounts = {MakeId<AccountId>(2), MakeId<AccountId>(3)};
  x.channel = Channel::kCall;
  x.point = MakeId<ContactPointId>(4);
  x.to = {Relation::kAuthority, MakeId<Id128>(5)};
  x.purpose = Purpose::kPaymentReminder;
  x.outcome = Outcome::kUnreported;
  x.message = {.form = MessageForm::kLimitedContentCutShort,
               .opt_out = OptOutOffer::kNone,
               .mentions_debt = false,
               .discloses_collector = true,
               .reveals_trade = false,
               .true_sender_name = true,
               .names_firm_unasked = false,
               .misleading_reason = true,
               .payment_link = false,
               .pressing_offer = true,
               .demands_payment = false,
               .offer = true,
               .commercial = false,
               .recipient_charged = true,
               .carries = std::vector<std::string>{"amount_due", "creditor_name"},
               .found = std::vector<std::string>{},
               .languages = std::vector<std::string>{"en"}};
  x.dialling = Dialling::kPrerecorded;
  x.voice = Voice::kRecorded;
  x.automated = true;
  x.requested = true;
  x.answers = MakeId<EventId>(6);
  x.relies_on = Basis::kFormerCollector;
  x.answered_by = MakeId<Id128>(7);
  x.talk = {{.account = MakeId<AccountId>(8), .raised_by_tenant = false, .declined = true}};
  x.attempt = MakeId<AttemptId>(9);
  x.notice = NoticeKind::kSaleNotice;
  x.opt_out_by = On(20'000);
  x.period_ends_on = On(20'001);
  x.received_on = On(20'002);
  x.via = Via::kNotary;
  x.channels = {Channel::kSms, Channel::kFax};
  x.points = {MakeId<ContactPointId>(10)};
  x.covers = {Covers::kHours, Covers::kThirdParty};
  x.consent_form = ConsentForm::kSigned;
  x.use_disclosed = false;
  x.given_to = DoneBy::kFormerCollector;
  x.windows = {{.days = 3, .from_minute = 60, .to_minute = 90}, {}};
  x.first_day = On(-1);
  x.last_day = On(0);
  x.until = At(2'000'000'000);
  x.places = {TiedTo::kWork};
  x.where = Whereabouts::kElsewhere;
  x.place = Place{.kind = TiedTo::kWork,
                  .country = "US",
                  .subdivision = "US-OH",
                  .city = "Akron",
                  .postal_code = "44301",
                  .zone = "America/New_York"};
  x.wording = Wording::kOwnWords;
  x.attorney = MakeId<Id128>(11);
  x.repeats = true;
  x.new_evidence = true;
  x.refuses_to_pay = true;
  x.confirmed = false;
  x.ended = true;
  x.cause = "chapter_7";
  x.owner = Relation::kEmployer;
  x.owner_party = MakeId<Id128>(12);
  x.same_user_since = On(19'000);
  x.amount_minor_units = -5;
  x.declared_name = "field_agent_named";
  x.declared_notice = "start_notice";
  x.document = "loan_contract";
  return x;
}

void ExpectSame(const Event& a, const Event& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.received_at, b.received_at);
  EXPECT_EQ(a.by, b.by);
  EXPECT_EQ(a.by_party, b.by_party);
  EXPECT_EQ(a.accounts, b.accounts);
  EXPECT_EQ(a.channel, b.channel);
  EXPECT_EQ(a.point, b.point);
  EXPECT_EQ(a.to, b.to);
  EXPECT_EQ(a.purpose, b.purpose);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.dialling, b.dialling);
  EXPECT_EQ(a.voice, b.voice);
  EXPECT_EQ(a.automated, b.automated);
  EXPECT_EQ(a.requested, b.requested);
  EXPECT_EQ(a.answers, b.answers);
  EXPECT_EQ(a.relies_on, b.relies_on);
  EXPECT_EQ(a.answered_by, b.answered_by);
  ASSERT_EQ(a.talk.has_value(), b.talk.has_value());
  if (a.talk.has_value()) {
    ASSERT_EQ(a.talk->size(), b.talk->size());
    for (size_t i = 0; i < a.talk->size(); ++i) {
      EXPECT_EQ((*a.talk)[i].account, (*b.talk)[i].account);
      EXPECT_EQ((*a.talk)[i].raised_by_tenant, (*b.talk)[i].raised_by_tenant);
      EXPECT_EQ((*a.talk)[i].declined, (*b.talk)[i].declined);
    }
  }
  EXPECT_EQ(a.attempt, b.attempt);
  EXPECT_EQ(a.notice, b.notice);
  EXPECT_EQ(a.opt_out_by, b.opt_out_by);
  EXPECT_EQ(a.period_ends_on, b.period_ends_on);
  EXPECT_EQ(a.received_on, b.received_on);
  EXPECT_EQ(a.via, b.via);
  EXPECT_EQ(a.channels, b.channels);
  EXPECT_EQ(a.points, b.points);
  EXPECT_EQ(a.covers, b.covers);
  EXPECT_EQ(a.consent_form, b.consent_form);
  EXPECT_EQ(a.use_disclosed, b.use_disclosed);
  EXPECT_EQ(a.given_to, b.given_to);
  EXPECT_EQ(a.windows, b.windows);
  EXPECT_EQ(a.first_day, b.first_day);
  EXPECT_EQ(a.last_day, b.last_day);
  EXPECT_EQ(a.until, b.until);
  EXPECT_EQ(a.places, b.places);
  EXPECT_EQ(a.where, b.where);
  EXPECT_EQ(a.place, b.place);
  EXPECT_EQ(a.wording, b.wording);
  EXPECT_EQ(a.attorney, b.attorney);
  EXPECT_EQ(a.repeats, b.repeats);
  EXPECT_EQ(a.new_evidence, b.new_evidence);
  EXPECT_EQ(a.refuses_to_pay, b.refuses_to_pay);
  EXPECT_EQ(a.confirmed, b.confirmed);
  EXPECT_EQ(a.ended, b.ended);
  EXPECT_EQ(a.cause, b.cause);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.owner_party, b.owner_party);
  EXPECT_EQ(a.same_user_since, b.same_user_since);
  EXPECT_EQ(a.amount_minor_units, b.amount_minor_units);
  EXPECT_EQ(a.declared_name, b.declared_name);
  EXPECT_EQ(a.declared_notice, b.declared_notice);
  EXPECT_EQ(a.document, b.document);
}

TEST(Rows, AnEventComesBackWholeWithEveryFieldSetAndWithNone) {
  const std::vector<Event> events = {FullEvent(), Event()};
  for (const Event& event : events) {
    Event back;
    ASSERT_TRUE(DecodeEvent(EncodeEvent(event), &back).ok());
    ExpectSame(event, back);
  }
}

TEST(Rows, ATalkAboutNothingIsNotATalkAboutEverything) {
  Event nothing;
  nothing.talk.emplace();
  Event back;
  ASSERT_TRUE(DecodeEvent(EncodeEvent(nothing), &back).ok());
  EXPECT_TRUE(back.talk.has_value());
  ASSERT_TRUE(DecodeEvent(EncodeEvent(Event()), &back).ok());
  EXPECT_FALSE(back.talk.has_value()) << "also over a row that had one";
}

// The sizes of the model's types as this test knows them, where it is built: a new field must be
// added to the listing in rows.cc, to the test's full row and to its comparison, and then here.
#if defined(__x86_64__) && defined(__GLIBCXX__) && !defined(_GLIBCXX_DEBUG)
static_assert(sizeof(Event) == 944, "a field of Event was added");
static_assert(sizeof(Message) == 128, "a field of Message was added");
static_assert(sizeof(Borrower) == 336, "a field of Borrower was added");
static_assert(sizeof(ContactPoint) == 176, "a field of ContactPoint was added");
static_assert(sizeof(Account) == 392, "a field of Account was added");
static_assert(sizeof(Attempt) == 184, "a field of Attempt was added");
static_assert(sizeof(CommandResult) == 112, "a field of CommandResult was added");
#endif

Account FullAccount() {
  Account x;
  x.role = Role::kDebtBuyer;
  x.product = Product::kUtility;
  x.balance = {123, "USD"};
  x.principal = {kMaxMinorUnits, "TWD"};
  x.due_on = On(20'500);
  x.original_creditor = "First Example Bank";
  x.placed_on = On(1);
  x.defaulted_on = On(2);
  x.charged_off_on = On(3);
  x.limitation_expires_on = On(4);
  x.account_number_at_placement = "L-1";
  x.serviced_by_tenant = true;
  x.stage = Stage::kPaid;
  x.as_of = At(1'772'000'000);
  x.version = UINT64_MAX;
  x.declared_product = "salary_loan";
  x.kind = AccountKind::kCommercial;
  x.held_as = HeldAs::kBought;
  x.creditor_kind = FirmKind::kP2pLender;
  x.secured = false;
  x.stale = true;
  x.hours = std::vector<WeeklySlot>{};
  return x;
}

Borrower FullBorrower() {
  Borrower x;
  x.name = Personal("Ada Example");
  x.born_on = On(-3'000);
  x.language = "en-US";
  x.declared_zone = "America/Chicago";
  x.declared_zone_at = At(1'700'000'000);
  x.places = {{.kind = TiedTo::kHome,
               .country = "US",
               .subdivision = "US-IL",
               .city = "Chicago",
               .postal_code = "60601",
               .zone = "America/Chicago"}};
  ContactPoint point;
  point.id = MakeId<ContactPointId>(1);
  point.kind = PointKind::kSocial;
  point.value = Personal("handle");
  point.line = Line::kVoip;
  point.owner = Relation::kEmployer;
  point.party = MakeId<Id128>(2);
  point.tied_to = TiedTo::kWork;
  point.shared = true;
  point.verified = true;
  point.source = PointSource::kSkipTrace;
  point.number_country = "US";
  point.number_zones = {"America/Chicago", "America/Denver"};
  point.number_is_whole_country = true;
  point.link_digest.fill(7);
  x.contact_points = {point, ContactPoint()};
  x.parties = {{.id = MakeId<Id128>(3), .relation = Relation::kSpouse, .born_on = std::nullopt},
               {.id = MakeId<Id128>(4), .relation = Relation::kChild, .born_on = On(9'000)}};
  x.work_hours = std::vector<WeeklySlot>{{.days = 31, .from_minute = 540, .to_minute = 1020}};
  x.refused_channels = {Channel::kVisit};
  x.version = 12;
  return x;
}

TEST(Rows, ABorrowerComesBackWholeFromItsTwoColumns) {
  const Borrower x = FullBorrower();
  Borrower back;
  ASSERT_TRUE(DecodeBorrower(EncodeBorrowerBody(x), EncodeBorrowerPersonal(x), &back).ok());
  EXPECT_TRUE(back.name.SameAs(x.name));
  EXPECT_EQ(back.born_on, x.born_on);
  EXPECT_EQ(back.language, x.language);
  EXPECT_EQ(back.declared_zone, x.declared_zone);
  EXPECT_EQ(back.declared_zone_at, x.declared_zone_at);
  EXPECT_EQ(back.places, x.places);
  ASSERT_EQ(back.contact_points.size(), 2u);
  const ContactPoint& a = back.contact_points[0];
  const ContactPoint& b = x.contact_points[0];
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_TRUE(a.value.SameAs(b.value));
  EXPECT_EQ(a.line, b.line);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.party, b.party);
  EXPECT_EQ(a.tied_to, b.tied_to);
  EXPECT_EQ(a.shared, b.shared);
  EXPECT_EQ(a.verified, b.verified);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.number_country, b.number_country);
  EXPECT_EQ(a.number_zones, b.number_zones);
  EXPECT_EQ(a.number_is_whole_country, b.number_is_whole_country);
  EXPECT_EQ(a.link_digest, b.link_digest);
  EXPECT_TRUE(back.contact_points[1].value.empty());
  ASSERT_EQ(back.parties.size(), 2u);
  EXPECT_EQ(back.parties[0].relation, Relation::kSpouse);
  EXPECT_FALSE(back.parties[0].born_on.has_value());
  EXPECT_EQ(back.parties[1].id, x.parties[1].id);
  EXPECT_EQ(back.parties[1].born_on, On(9'000));
  EXPECT_EQ(back.work_hours, x.work_hours);
  EXPECT_EQ(back.refused_channels, x.refused_channels);
  EXPECT_EQ(back.version, 12u);
}

// What the log seals holds all that a row does, but for what no decision reads.
TEST(Facts, HoldAllThatDecisionsRead) {
  const Borrower borrower = FullBorrower();
  absl::StatusOr<Borrower> again = ReadBorrowerFacts(FactsOf(borrower));
  ASSERT_TRUE(again.ok()) << again.status();
  again->name = borrower.name;
  for (size_t i = 0; i < borrower.contact_points.size(); ++i) {
    again->contact_points[i].value = borrower.contact_points[i].value;
  }
  EXPECT_EQ(EncodeBorrowerBody(*again), EncodeBorrowerBody(borrower));
  EXPECT_EQ(EncodeBorrowerPersonal(*again), EncodeBorrowerPersonal(borrower));
  for (const Event& event : {FullEvent(), Event()}) {
    const absl::StatusOr<Event> read = ReadEventFacts(FactsOf(event));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(EncodeEvent(*read), EncodeEvent(event));
    EXPECT_EQ(read->id, event.id);
  }
  for (const Account& account : {FullAccount(), Account()}) {
    const absl::StatusOr<Account> read = ReadAccountFacts(FactsOf(account));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(EncodeAccount(*read), EncodeAccount(account));
    EXPECT_EQ(read->state, account.state);
  }
  EXPECT_TRUE(ReadBorrowerFacts(FactsOf(Borrower())).ok());
}

TEST(Facts, AreRefusedWhereTheySayMoreThanThisProgramReads) {
  for (cj1::Value facts : {FactsOf(FullEvent()), FactsOf(FullAccount()), FactsOf(FullBorrower())}) {
    facts.Set("new_member", true);
    EXPECT_FALSE(ReadEventFacts(facts).ok());
    EXPECT_FALSE(ReadAccountFacts(facts).ok());
    EXPECT_FALSE(ReadBorrowerFacts(facts).ok());
  }
  EXPECT_FALSE(ReadEventFacts(cj1::Object().Set("id", "x")).ok());
  EXPECT_FALSE(ReadEventFacts(cj1::Value("no object")).ok());
}

TEST(Facts, InPiecesNeverLeaveOneEmpty) {
  const std::string large(audit::kMostSealedBytes + 1, 'x');
  const cj1::Value facts =
      cj1::Object().Set("events", cj1::Array().Append(large).Append("small").Append(large));
  const std::vector<cj1::Value> pieces = InPieces(facts);
  ASSERT_EQ(pieces.size(), 3u);
  for (const cj1::Value& piece : pieces) EXPECT_EQ(piece.Find("events")->AsArray().size(), 1u);
  EXPECT_EQ(InPieces(cj1::Object().Set("text", large)).size(), 1u);
  EXPECT_EQ(InPieces(cj1::Object()).size(), 1u);
}

TEST(Facts, OfABorrowerWithThirtyTwoNumbersOfAWholeCountryFitIntoEntries) {
  Borrower borrower = FullBorrower();
  ContactPoint point = borrower.contact_points.front();
  point.number_zones.clear();
  for (int zone = 0; zone < 40; ++zone) {
    point.number_zones.push_back("America/Somewhere_Far_Away_" + std::to_string(zone));
  }
  borrower.contact_points.assign(kMaxContactPoints, point);
  const std::vector<cj1::Value> pieces = InPieces(FactsOf(borrower));
  EXPECT_GT(pieces.size(), 1u);
  cj1::Value whole = cj1::Object();
  for (const cj1::Value& piece : pieces) {
    EXPECT_LE(cj1::Encode(piece)->size(), audit::kMostSealedBytes);
    EXPECT_TRUE(AddPiece(piece, &whole).ok());
  }
  EXPECT_EQ(cj1::Encode(whole).value(), cj1::Encode(FactsOf(borrower)).value());
  EXPECT_FALSE(AddPiece(pieces.front(), &whole).ok()) << "`version` twice";
}

TEST(Rows, WhatIdentifiesAPersonStandsInThePersonalColumnAlone) {
  const std::string body = EncodeBorrowerBody(FullBorrower());
  const std::string personal = EncodeBorrowerPersonal(FullBorrower());
  for (const char* text : {"Ada Example", "handle", "60601", "Chicago"}) {
    // The zone of a number names a city; it is derived and says no more than the number's prefix.
    if (std::string(text) != "Chicago") {
      EXPECT_EQ(body.find(text), std::string::npos) << text;
    }
    EXPECT_NE(personal.find(text), std::string::npos) << text;
  }
}

TEST(Rows, AnAccountComesBackWhole) {
  const Account x = FullAccount();
  Account back;
  ASSERT_TRUE(DecodeAccount(EncodeAccount(x), &back).ok());
  EXPECT_EQ(back.role, x.role);
  EXPECT_EQ(back.product, x.product);
  EXPECT_EQ(back.balance, x.balance);
  EXPECT_EQ(back.principal, x.principal);
  EXPECT_EQ(back.due_on, x.due_on);
  EXPECT_EQ(back.declared_product, x.declared_product);
  EXPECT_EQ(back.kind, x.kind);
  EXPECT_EQ(back.held_as, x.held_as);
  EXPECT_EQ(back.creditor_kind, x.creditor_kind);
  EXPECT_EQ(back.secured, x.secured);
  EXPECT_EQ(back.stale, x.stale);
  EXPECT_EQ(back.hours, x.hours);
  EXPECT_EQ(back.original_creditor, x.original_creditor);
  EXPECT_EQ(back.placed_on, x.placed_on);
  EXPECT_EQ(back.defaulted_on, x.defaulted_on);
  EXPECT_EQ(back.charged_off_on, x.charged_off_on);
  EXPECT_EQ(back.limitation_expires_on, x.limitation_expires_on);
  EXPECT_EQ(back.account_number_at_placement, x.account_number_at_placement);
  EXPECT_EQ(back.serviced_by_tenant, x.serviced_by_tenant);
  EXPECT_EQ(back.stage, x.stage);
  EXPECT_EQ(back.as_of, x.as_of);
  EXPECT_EQ(back.version, x.version);
}

TEST(Rows, AttemptsPausesBodiesAndAnswersComeBackWhole) {
  Attempt attempt;
  attempt.account = MakeId<AccountId>(1);
  attempt.event = MakeId<EventId>(2);
  attempt.channel = Channel::kSms;
  attempt.point = MakeId<ContactPointId>(3);
  attempt.reserved_at = At(99);
  attempt.dispatched_at = At(101);
  attempt.step = -4;
  attempt.queued = true;
  attempt.provider_id = "p";
  Attempt attempt_back;
  ASSERT_TRUE(DecodeAttempt(EncodeAttempt(attempt), &attempt_back).ok());
  EXPECT_EQ(attempt_back.account, attempt.account);
  EXPECT_EQ(attempt_back.event, attempt.event);
  EXPECT_EQ(attempt_back.channel, attempt.channel);
  EXPECT_EQ(attempt_back.point, attempt.point);
  EXPECT_EQ(attempt_back.reserved_at, attempt.reserved_at);
  EXPECT_EQ(attempt_back.dispatched_at, attempt.dispatched_at);
  EXPECT_EQ(attempt_back.step, attempt.step);
  EXPECT_TRUE(attempt_back.queued);
  EXPECT_EQ(attempt_back.provider_id, attempt.provider_id);

  const Pause pause{
      .scope = {}, .since = At(5), .by_role = CallerRole::kLender, .by = "svc", .reason = "check"};
  Pause pause_back;
  ASSERT_TRUE(DecodePause(EncodePause(pause), &pause_back).ok());
  EXPECT_EQ(pause_back.since, pause.since);
  EXPECT_EQ(pause_back.by_role, pause.by_role);
  EXPECT_EQ(pause_back.by, pause.by);
  EXPECT_EQ(pause_back.reason, pause.reason);

  SubmittedBody submitted;
  submitted.body_digest.fill(1);
  submitted.as_of = At(7);
  submitted.field_digests = {{"account.balance", UINT64_MAX}, {"borrower.name", 0}};
  SubmittedBody submitted_back;
  ASSERT_TRUE(DecodeSubmitted(EncodeSubmitted(submitted), &submitted_back).ok());
  EXPECT_EQ(submitted_back.body_digest, submitted.body_digest);
  EXPECT_EQ(submitted_back.as_of, submitted.as_of);
  EXPECT_EQ(submitted_back.field_digests, submitted.field_digests);

  CommandResult result;
  result.change = ChangeMade::kUpdated;
  result.borrower = MakeId<BorrowerId>(1);
  result.account = MakeId<AccountId>(2);
  result.event = MakeId<EventId>(3);
  result.attempt = MakeId<AttemptId>(4);
  result.version = 5;
  result.receipts = {{.seq = 6, .leaf_hash = {7}}, {.seq = 7, .leaf_hash = {}}};
  result.in_flight = 8;
  CommandResult result_back;
  ASSERT_TRUE(DecodeResult(EncodeResult(result), &result_back).ok());
  EXPECT_EQ(result_back.change, result.change);
  EXPECT_EQ(result_back.borrower, result.borrower);
  EXPECT_EQ(result_back.account, result.account);
  EXPECT_EQ(result_back.event, result.event);
  EXPECT_EQ(result_back.attempt, result.attempt);
  EXPECT_EQ(result_back.version, result.version);
  EXPECT_EQ(result_back.receipts, result.receipts);
  EXPECT_EQ(result_back.in_flight, result.in_flight);
  EXPECT_FALSE(result_back.repeated);

  const TenantCounts counts = {{"acme", 3}, {"nova", UINT64_MAX}};
  TenantCounts counts_back;
  ASSERT_TRUE(DecodeCounts(EncodeCounts(counts), &counts_back).ok());
  EXPECT_EQ(counts_back, counts);
}

TEST(Rows, DamagedBytesAreRefusedAndNeverCrash) {
  const std::string whole = EncodeEvent(FullEvent());
  Event back;
  EXPECT_EQ(DecodeEvent("", &back).code(), absl::StatusCode::kDataLoss);
  for (size_t size = 0; size < whole.size(); ++size) {
    // A row that ends between two fields reads as one without the rest; anywhere else it is
    // refused. Either way nothing is read beyond the end.
    (void)DecodeEvent(std::string_view(whole).substr(0, size), &back);
  }
  std::string newer = whole;
  newer[0] = 2;
  EXPECT_EQ(DecodeEvent(newer, &back).code(), absl::StatusCode::kDataLoss) << "another version";
  EXPECT_EQ(DecodeEvent(whole + std::string("\x82\x08\x02", 3), &back).code(),
            absl::StatusCode::kDataLoss)
      << "a field this program does not know may hold a fact a decision rests on";
  std::string other_word = whole;
  other_word.replace(other_word.find("app_session"), 11, "app_sessioN");
  EXPECT_EQ(DecodeEvent(other_word, &back).code(), absl::StatusCode::kDataLoss);
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      (void)DecodeEvent(flipped, &back);
    }
  }
}

TEST(Rows, TwoChangesAreEqualOnlyWhenEverythingIs) {
  const auto make = [] {
    Changes changes;
    changes.borrowers = {FullBorrower()};
    changes.events = {{MakeId<BorrowerId>(1), FullEvent()}};
    changes.plans.resize(1);
    changes.entries.resize(1);
    changes.entries[0].kind = "a.b";
    return changes;
  };
  const std::string one = EncodeChanges(make());
  EXPECT_EQ(EncodeChanges(make()), one);
  const struct {
    const char* why;
    std::function<void(Changes&)> change;
  } rows[] = {
      {"a name", [](Changes& x) { x.borrowers[0].name = Personal("Other"); }},
      {"an event", [](Changes& x) { x.events[0].second.cause = "chapter_13"; }},
      {"a plan", [](Changes& x) { x.plans[0].wake_at = At(1); }},
      {"an entry's data", [](Changes& x) { x.entries[0].data.Set("a", 1); }},
      {"an entry's id", [](Changes& x) { x.entries[0].id = MakeId<EntryId>(1); }},
      {"one entry more", [](Changes& x) { x.entries.emplace_back(); }},
      {"the answer", [](Changes& x) { x.applied.result.version = 3; }},
      {"what is sent", [](Changes& x) { x.applied.send.emplace(); }},
      {"what waits", [](Changes& x) { x.applied.queued.emplace(); }},
  };
  for (const auto& row : rows) {
    Changes changed = make();
    row.change(changed);
    EXPECT_NE(EncodeChanges(changed), one) << row.why;
  }
}

}  // namespace
}  // namespace forbear::rows
