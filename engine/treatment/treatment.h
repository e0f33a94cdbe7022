// A Treatment is what we would like to do: which reminder, on which channel, how long after the due
// date. It proposes; policy disposes.
//
// It is data (policies/treatments/*.yaml). A step becomes due when the account is so many days past
// due, or so many days after the contact before it. An account that is already far past due begins
// at the newest step that fits, and the steps before it are skipped: nobody gets in one week what
// was meant for three months.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/calendar/zone_table.h"
#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/model/instant.h"

namespace forbear {

// The words of one template on one channel, and what somebody found in them.
struct ChannelText {
  Message message;                           // what the words hold; the same in every language
  std::map<std::string, std::string> texts;  // BCP 47 tag -> words with {{placeholders}}
};

struct Template {
  std::string id;                           // "first-reminder"
  std::map<Channel, ChannelText> channels;  // a channel that is not here is not written to
};

// Exactly one of the two days is set.
struct Step {
  std::optional<int> at_days_past_due;     // due from this many whole days past due
  std::optional<int> days_after_previous;  // due so many local days after the last contact
  std::vector<Channel> channels;           // in the order they are tried
  std::string template_id;                 // INVARIANT: in Treatment::templates
};

struct Treatment {
  std::string name;
  std::string digest;            // "sha256:" and 64 hex digits, of the file's bytes
  std::string default_language;  // for a borrower whose language is unknown or not spoken here
  int min_days_between = 1;      // ≥ 1: local days from one contact of ours to the next, always
  std::optional<int> repeat_last_every_days;  // after the last step; absent: then silence
  std::vector<Step> steps;                    // at_days_past_due grows; INVARIANT: not empty
  std::map<std::string, Template> templates;
};

// Where an account stands in its treatment.
struct Progress {
  int step = 0;  // the next to propose; steps.size() and above: past the last
  std::optional<Instant> last_sent_at;  // of the last contact that counts as made
};

// One way to make the proposed contact.
struct Way {
  Channel channel = Channel::kLetter;
  ContactPointId point;
  std::string template_id;
  std::string language;      // of `text`: a key of ChannelText::texts
  const ChannelText* words;  // never null; lives as long as the Treatment
};

// What the words hold, and the language they are in.
Message MessageOf(const Way& way);

// A contact is due. `ways` are in the order to try them; empty: the borrower has no contact point
// that any channel of the step could use.
struct DueContact {
  int step = 0;
  std::vector<Way> ways;
};
// Nothing is due before `look_again_at`; absent: the treatment is over.
struct NothingDue {
  std::optional<Instant> look_again_at;
};
using Proposal = std::variant<DueContact, NothingDue>;

// What to propose at `now`. `zones` are those the borrower may be in: a day has begun when it has
// begun in all of them (empty: as on the last place on earth where it begins, UTC-12).
//
// Days past due count local days since account.due_on. Never proposes a channel the borrower has
// refused, a point that is not the borrower's own, or one that came from an address book.
Proposal Propose(const Treatment& treatment, const Account& account, const Borrower& borrower,
                 const Progress& progress,
                 const std::vector<std::shared_ptr<const ZoneTable>>& zones, Instant now);

// The step after a contact of `step` was made: the next one, or again the last where it repeats.
int StepAfter(const Treatment& treatment, int step);

// The placeholders a text may use, without braces: name, amount, sender, creditor, due_date.
const std::vector<std::string>& KnownPlaceholders();
// Names between {{ and }} that are not known, in order of appearance; also an unclosed brace.
std::vector<std::string> UnknownPlaceholders(std::string_view text);

// Fills the placeholders. Values stand as they are but for control characters, which become
// spaces: a name cannot add a line, a header or another placeholder.
Personal Render(std::string_view text, const Borrower& borrower, const Account& account,
                std::string_view sender);

// "USD 1,234.56" with the currency's own number of digits.
std::string FormatMoney(const Money& money);

}  // namespace forbear
