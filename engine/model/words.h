// The closed vocabularies of the house, each an enum whose values have one spelling everywhere:
// in packs, scenarios, JSON, entries and screens.
//
//   ToWord(Channel::kInApp) == "in_app";   ParseWord<Channel>("in_app") == Channel::kInApp
//
// Enumerators are in the order of the pages that define them (domain.md, policy-language.md
// sections 2 and 3) and their numbers are never stored: words are.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace forbear {

// For an enum E: the spelling of each value, by number. Specialised by FORBEAR_WORDS below.
template <typename E>
struct Words;

template <typename E>
constexpr std::string_view ToWord(E value) {
  return Words<E>::kSpelling[static_cast<size_t>(value)];
}

template <typename E>
constexpr std::optional<E> ParseWord(std::string_view word) {
  for (size_t i = 0; i < Words<E>::kSpelling.size(); ++i) {
    if (Words<E>::kSpelling[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

template <typename E>
constexpr std::span<const std::string_view> AllWords() {
  return Words<E>::kSpelling;
}

#define FORBEAR_ENUMERATOR_(enumerator, word) enumerator,
#define FORBEAR_SPELLING_(enumerator, word) word,
#define FORBEAR_COUNT_(enumerator, word) +1
#define FORBEAR_WORDS(Name, LIST)                                                        \
  enum class Name : uint8_t { LIST(FORBEAR_ENUMERATOR_) };                               \
  template <>                                                                            \
  struct Words<Name> {                                                                   \
    static constexpr std::array<std::string_view, 0 LIST(FORBEAR_COUNT_)> kSpelling{     \
        LIST(FORBEAR_SPELLING_)};                                                        \
    static constexpr std::string_view kName = #Name;                                     \
  };

// The way a contact travels.
#define FORBEAR_CHANNELS(X)                                                                  \
  X(kCall, "call") X(kVoicemail, "voicemail") X(kSms, "sms") X(kEmail, "email")              \
  X(kPush, "push") X(kInApp, "in_app") X(kLetter, "letter") X(kPostcard, "postcard")         \
  X(kVisit, "visit") X(kSocialPrivate, "social_private") X(kSocialPublic, "social_public")   \
  X(kFax, "fax")
FORBEAR_WORDS(Channel, FORBEAR_CHANNELS)

// Why a contact is made.
#define FORBEAR_PURPOSES(X)                                                                   \
  X(kPaymentReminder, "payment_reminder") X(kReply, "reply") X(kService, "service")           \
  X(kRequiredNotice, "required_notice") X(kEndOfCollection, "end_of_collection")              \
  X(kRemedyNotice, "remedy_notice") X(kOptOutConfirmation, "opt_out_confirmation")            \
  X(kLocationInformation, "location_information")                                             \
  X(kEstateRepresentative, "estate_representative")                                           \
  X(kMessageToPassOn, "message_to_pass_on") X(kConnectionRequest, "connection_request")       \
  X(kAdvertising, "advertising") X(kLegalProcess, "legal_process")                            \
  X(kDataIncident, "data_incident") X(kComplaintReply, "complaint_reply")                     \
  X(kConsentRequest, "consent_request") X(kVerifyEmployment, "verify_employment")             \
  X(kVisitAnnouncement, "visit_announcement")
FORBEAR_WORDS(Purpose, FORBEAR_PURPOSES)

// Who somebody is to the borrower. `borrower` is the borrower.
#define FORBEAR_RELATIONS(X)                                                                  \
  X(kBorrower, "borrower") X(kSpouse, "spouse") X(kParent, "parent") X(kChild, "child")       \
  X(kRelative, "relative") X(kHouseholdMember, "household_member")                            \
  X(kNeighbour, "neighbour") X(kLandlord, "landlord") X(kCoworker, "coworker")                \
  X(kEmployer, "employer") X(kReference, "reference") X(kCoDebtor, "co_debtor")               \
  X(kSuccessorInInterest, "successor_in_interest") X(kExecutor, "executor")                   \
  X(kEstateAffiant, "estate_affiant") X(kAttorney, "attorney")                                \
  X(kFormerCollector, "former_collector") X(kOccupier, "occupier")                            \
  X(kUnidentified, "unidentified") X(kUnrelated, "unrelated") X(kGuardian, "guardian")        \
  X(kParentOfMinor, "parent_of_minor") X(kAdministrator, "administrator")                     \
  X(kTrustee, "trustee") X(kGuarantor, "guarantor") X(kFriend, "friend")                      \
  X(kNamedContact, "named_contact") X(kCreditor, "creditor")                                  \
  X(kCreditorAttorney, "creditor_attorney") X(kCollectorAttorney, "collector_attorney")       \
  X(kCreditBureau, "credit_bureau") X(kCounsellor, "counsellor")                              \
  X(kChainOfCommand, "chain_of_command") X(kAuthority, "authority")
FORBEAR_WORDS(Relation, FORBEAR_RELATIONS)

// Who did something: the tenant (and whoever acts for it), the borrower, or somebody else.
#define FORBEAR_ACTS(X)                                                                  \
  X(kTenant, "tenant") X(kBorrower, "borrower") X(kCreditor, "creditor")                 \
  X(kFormerCollector, "former_collector") X(kParty, "party")
FORBEAR_WORDS(DoneBy, FORBEAR_ACTS)

// In what capacity the tenant holds an account.
#define FORBEAR_ROLES(X)                                                                 \
  X(kThirdPartyCollector, "third_party_collector") X(kCreditor, "creditor")              \
  X(kDebtBuyer, "debt_buyer")
FORBEAR_WORDS(Role, FORBEAR_ROLES)

// `declared`, here and in the vocabularies below: a pack declares the name, which stands beside it
// as text (policy-language.md section 1, `vocabulary`).
#define FORBEAR_PRODUCTS(X)                                                              \
  X(kOther, "other") X(kCreditCard, "credit_card") X(kPersonalLoan, "personal_loan")     \
  X(kMortgage, "mortgage") X(kStudentLoan, "student_loan") X(kMedical, "medical")        \
  X(kAutoLoan, "auto_loan") X(kDirectAutoLoan, "direct_auto_loan")                       \
  X(kPaydayLoan, "payday_loan") X(kMicroloan, "microloan")                               \
  X(kBuyNowPayLater, "buy_now_pay_later") X(kUtility, "utility")                         \
  X(kDeclared, "declared")
FORBEAR_WORDS(Product, FORBEAR_PRODUCTS)

// What a debt is, in the sense of laws that bind only one of the two.
#define FORBEAR_ACCOUNT_KINDS(X) \
  X(kUnknown, "unknown") X(kConsumer, "consumer") X(kCommercial, "commercial")
FORBEAR_WORDS(AccountKind, FORBEAR_ACCOUNT_KINDS)

// How the tenant came to hold an account.
#define FORBEAR_HOLDINGS(X)                                                              \
  X(kUnknown, "unknown") X(kOriginated, "originated") X(kPlaced, "placed") X(kBought, "bought")
FORBEAR_WORDS(HeldAs, FORBEAR_HOLDINGS)

// What kind of firm the tenant, or a creditor, is.
#define FORBEAR_FIRMS(X)                                                                 \
  X(kUnknown, "unknown") X(kBank, "bank") X(kFinanceCompany, "finance_company")          \
  X(kMoneyLender, "money_lender") X(kSmallLender, "small_lender")                        \
  X(kP2pLender, "p2p_lender") X(kServicer, "servicer") X(kAgency, "agency")              \
  X(kDebtBuyer, "debt_buyer")
FORBEAR_WORDS(FirmKind, FORBEAR_FIRMS)

// How an attempt, or an inbound contact, ended. `unreported` is an attempt whose end nobody has
// told yet (reserved, dispatched, in doubt): it counts as whatever it might have become.
#define FORBEAR_OUTCOMES(X)                                                              \
  X(kUnreported, "unreported") X(kBusy, "busy") X(kNotInService, "not_in_service")       \
  X(kNoAnswer, "no_answer") X(kMailboxFull, "mailbox_full") X(kRecording, "recording")   \
  X(kMessageLeft, "message_left") X(kAnswered, "answered")                               \
  X(kAnsweredDropped, "answered_dropped") X(kOtherAnswered, "other_answered")            \
  X(kConversation, "conversation") X(kDelivered, "delivered")                            \
  X(kUndelivered, "undelivered") X(kMessage, "message") X(kRinging, "ringing")
FORBEAR_WORDS(Outcome, FORBEAR_OUTCOMES)

#define FORBEAR_DIALLINGS(X) \
  X(kManual, "manual") X(kAutodialled, "autodialled") X(kPrerecorded, "prerecorded")
FORBEAR_WORDS(Dialling, FORBEAR_DIALLINGS)

#define FORBEAR_VOICES(X) X(kHuman, "human") X(kSynthetic, "synthetic") X(kRecorded, "recorded")
FORBEAR_WORDS(Voice, FORBEAR_VOICES)

#define FORBEAR_CALLER_IDS(X) X(kShown, "shown") X(kHidden, "hidden")
FORBEAR_WORDS(CallerId, FORBEAR_CALLER_IDS)

#define FORBEAR_POINT_KINDS(X)                                                           \
  X(kPhone, "phone") X(kEmail, "email") X(kPostal, "postal") X(kSocial, "social")        \
  X(kApp, "app")
FORBEAR_WORDS(PointKind, FORBEAR_POINT_KINDS)

// What kind of line a phone number is. Toll-free, premium, personal and satellite ones tell no place.
#define FORBEAR_LINES(X)                                                                 \
  X(kUnknown, "unknown") X(kMobile, "mobile") X(kLandline, "landline")                   \
  X(kTollFree, "toll_free") X(kPremium, "premium") X(kPersonalNumber, "personal_number") \
  X(kSatellite, "satellite") X(kVoip, "voip")
FORBEAR_WORDS(Line, FORBEAR_LINES)

// To what place a contact point or an address is tied.
#define FORBEAR_TIED(X) X(kNone, "none") X(kHome, "home") X(kWork, "work")
FORBEAR_WORDS(TiedTo, FORBEAR_TIED)

// How the tenant came by a contact point.
#define FORBEAR_SOURCES(X)                                                                 \
  X(kUnknown, "unknown") X(kBorrower, "borrower") X(kTransaction, "transaction")           \
  X(kCreditorFile, "creditor_file") X(kFormerCollector, "former_collector")                \
  X(kSkipTrace, "skip_trace") X(kContactList, "contact_list") X(kReference, "reference")   \
  X(kParty, "party")
FORBEAR_WORDS(PointSource, FORBEAR_SOURCES)

// How words reached the tenant. All but `call` are writing.
#define FORBEAR_VIAS(X)                                                                  \
  X(kCall, "call") X(kSms, "sms") X(kEmail, "email") X(kLetter, "letter")                \
  X(kPortal, "portal") X(kResponseForm, "response_form")                                 \
  X(kRegisteredMail, "registered_mail") X(kNotary, "notary")
FORBEAR_WORDS(Via, FORBEAR_VIAS)

// The form a statement has, as a rule may demand it.
#define FORBEAR_FORMS(X)                                                                 \
  X(kAny, "any") X(kOral, "oral") X(kWritten, "written") X(kRegistered, "registered")    \
  X(kNotarial, "notarial") X(kPortal, "portal") X(kResponseForm, "response_form")
FORBEAR_WORDS(Form, FORBEAR_FORMS)

#define FORBEAR_NOTICES(X)                                                               \
  X(kFirstNotice, "first_notice") X(kValidationNotice, "validation_notice")              \
  X(kVerification, "verification") X(kRepeatDisputeAnswer, "repeat_dispute_answer")      \
  X(kAddressTransfer, "address_transfer") X(kPeriodicStatement, "periodic_statement")    \
  X(kEarlyIntervention, "early_intervention") X(kPlacementNotice, "placement_notice")    \
  X(kSaleNotice, "sale_notice") X(kDeclared, "declared")
FORBEAR_WORDS(NoticeKind, FORBEAR_NOTICES)

// What a consent agrees to.
#define FORBEAR_COVERS(X)                                                                \
  X(kHours, "hours") X(kFrequency, "frequency") X(kWorkplace, "workplace")               \
  X(kDirectContact, "direct_contact") X(kAddress, "address") X(kChannel, "channel")      \
  X(kPrerecorded, "prerecorded") X(kThirdParty, "third_party")
FORBEAR_WORDS(Covers, FORBEAR_COVERS)

#define FORBEAR_CONSENT_FORMS(X)                                                         \
  X(kExpress, "express") X(kExpressWritten, "express_written") X(kSigned, "signed")      \
  X(kNoticeWithOptOut, "notice_with_opt_out")
FORBEAR_WORDS(ConsentForm, FORBEAR_CONSENT_FORMS)

#define FORBEAR_MESSAGE_FORMS(X)                                                         \
  X(kFull, "full") X(kLimitedContent, "limited_content")                                 \
  X(kLimitedContentAndMore, "limited_content_and_more")                                  \
  X(kLimitedContentCutShort, "limited_content_cut_short")
FORBEAR_WORDS(MessageForm, FORBEAR_MESSAGE_FORMS)

// The way out a message offers. `unstated`: nobody has looked.
#define FORBEAR_OPT_OUT_OFFERS(X)                                                        \
  X(kUnstated, "unstated") X(kReplyStop, "reply_stop") X(kLink, "link")                  \
  X(kReplySubject, "reply_subject") X(kPostalOnly, "postal_only") X(kNone, "none")
FORBEAR_WORDS(OptOutOffer, FORBEAR_OPT_OUT_OFFERS)

#define FORBEAR_WORDINGS(X) \
  X(kKeyword, "keyword") X(kLink, "link") X(kOwnWords, "own_words")
FORBEAR_WORDS(Wording, FORBEAR_WORDINGS)

#define FORBEAR_WHEREABOUTS(X)                                                           \
  X(kHome, "home") X(kWork, "work") X(kHospital, "hospital") X(kElsewhere, "elsewhere")
FORBEAR_WORDS(Whereabouts, FORBEAR_WHEREABOUTS)

#define FORBEAR_STAGES(X)                                                                \
  X(kOverdue, "overdue") X(kChargedOff, "charged_off") X(kInCourt, "in_court")           \
  X(kJudgment, "judgment") X(kSettled, "settled") X(kPaid, "paid")
FORBEAR_WORDS(Stage, FORBEAR_STAGES)

// Regulation F's procedures for an address, as a contact may name one (policy-language.md, relies_on).
#define FORBEAR_BASES(X)                                                                       \
  X(kBorrowerUseOrConsent, "borrower_use_or_consent") X(kBorrowerTexted, "borrower_texted")    \
  X(kCreditorNotice, "creditor_notice") X(kFormerCollector, "former_collector")
FORBEAR_WORDS(Basis, FORBEAR_BASES)

#define FORBEAR_REPEAT_REASONS(X) \
  X(kEarlierAnswerWrong, "earlier_answer_wrong") X(kRequested, "requested")
FORBEAR_WORDS(RepeatReason, FORBEAR_REPEAT_REASONS)

// What happened. The shape of each (which fields it has) is policy-language.md section 3.
#define FORBEAR_EVENTS(X)                                                                   \
  X(kAttempt, "attempt") X(kInbound, "inbound") X(kNotice, "notice")                        \
  X(kUndelivered, "undelivered") X(kReceiptLearned, "receipt_learned")                      \
  X(kInconvenientTime, "inconvenient_time") X(kInconvenientPlace, "inconvenient_place")     \
  X(kInconvenientNow, "inconvenient_now") X(kWorkplaceBarred, "workplace_barred")           \
  X(kWhereabouts, "whereabouts") X(kAttorneyNamed, "attorney_named")                        \
  X(kCeaseRequest, "cease_request") X(kDispute, "dispute")                                  \
  X(kCreditorQuery, "creditor_query") X(kRequest, "request") X(kRefusal, "refusal")         \
  X(kDenial, "denial") X(kPromise, "promise") X(kConsent, "consent")                        \
  X(kRevocation, "revocation") X(kOptOut, "opt_out") X(kDeath, "death")                     \
  X(kHardship, "hardship") X(kPlacement, "placement") X(kFurnished, "furnished")            \
  X(kBankruptcy, "bankruptcy") X(kMoratorium, "moratorium") X(kPlan, "plan")                \
  X(kCourtProcedure, "court_procedure") X(kJudgment, "judgment") X(kMilitary, "military")   \
  X(kHospital, "hospital") X(kIncapacity, "incapacity") X(kMinor, "minor")                  \
  X(kIdentityTheft, "identity_theft") X(kComplaint, "complaint") X(kPayment, "payment")     \
  X(kPromiseBroken, "promise_broken") X(kAssignment, "assignment")                          \
  X(kOccasion, "occasion") X(kAttorneyAsked, "attorney_asked")                              \
  X(kAttorneyReplied, "attorney_replied") X(kAttorneyConsented, "attorney_consented")       \
  X(kOwnerLearned, "owner_learned") X(kMovedAway, "moved_away")                             \
  X(kReassignmentCheck, "reassignment_check") X(kLineChanged, "line_changed")               \
  X(kAppSession, "app_session") X(kDeclared, "declared")
FORBEAR_WORDS(EventName, FORBEAR_EVENTS)

}  // namespace forbear
