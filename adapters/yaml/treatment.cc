#include "adapters/yaml/treatment.h"

#include <algorithm>

#include "engine/audit/hash.h"
#include "engine/model/status.h"

namespace forbear::yaml {
namespace {

// Ten years: past any step that anybody would plan.
constexpr int64_t kMostDays = 3650;

// What a machine may send on its own. A call or a visit needs a person, a postcard and a public
// post are read by others.
constexpr Channel kSendable[] = {Channel::kSms, Channel::kEmail, Channel::kPush, Channel::kInApp,
                                 Channel::kLetter};

std::vector<std::string> SendableWords() {
  std::vector<std::string> words;
  for (const Channel channel : kSendable) words.emplace_back(ToWord(channel));
  return words;
}

class TreatmentReader {
 public:
  explicit TreatmentReader(Faults* faults) : faults_(faults) {}

  Treatment Read(const Node& root) {
    MapReader map(root, "treatment", faults_);
    if (!map.ok()) return {};
    if (const Node* name = map.Need("treatment")) {
      treatment_.name = ReadText(*name, faults_).value_or("");
    }
    if (const Node* language = map.Need("default_language")) {
      treatment_.default_language = ReadText(*language, faults_).value_or("");
    }
    if (const Node* days = map.Need("min_days_between")) {
      treatment_.min_days_between = ReadDays(*days, 1).value_or(1);
    }
    if (const Node* days = map.Get("repeat_last_every_days")) {
      treatment_.repeat_last_every_days = ReadDays(*days, 1);
    }
    if (const Node* templates = map.Need("templates")) ReadTemplates(*templates);
    if (const Node* steps = map.Need("steps")) ReadSteps(*steps);
    return std::move(treatment_);
  }

 private:
  std::optional<int> ReadDays(const Node& node, int64_t least) {
    const std::optional<int64_t> days = ReadInteger(node, faults_);
    if (!days) return std::nullopt;
    if (*days < least || *days > kMostDays) {
      faults_->Add(node, "days are out of range; use " + std::to_string(least) + " to " +
                             std::to_string(kMostDays));
      return std::nullopt;
    }
    return static_cast<int>(*days);
  }

  std::optional<Channel> ReadChannel(const Node& node) {
    const std::optional<std::string> word = ReadText(node, faults_);
    if (!word) return std::nullopt;
    const std::optional<Channel> channel = ParseWord<Channel>(*word);
    if (channel &&
        std::find(std::begin(kSendable), std::end(kSendable), *channel) != std::end(kSendable)) {
      return channel;
    }
    faults_->Add(node, channel ? "a treatment cannot send by `" + *word +
                                     "`; use sms, email, push, in_app or letter"
                               : Unknown("channel", *word, SendableWords()));
    return std::nullopt;
  }

  void ReadTemplates(const Node& list) {
    if (!list.is_list() || list.items.empty()) {
      faults_->Add(list, "templates are missing; list at least one");
      return;
    }
    for (const Node& node : list.items) {
      MapReader map(node, "template", faults_);
      if (!map.ok()) continue;
      Template read;
      const Node* id = map.Need("id");
      if (id != nullptr) read.id = ReadText(*id, faults_).value_or("");
      Message says;
      if (const Node* findings = map.Need("says")) says = ReadFindings(*findings);
      if (const Node* channels = map.Need("channels")) {
        if (!channels->is_map() || channels->members.empty()) {
          faults_->Add(*channels, "a template needs words for at least one channel");
        }
        for (const auto& [key, value] : channels->members) {
          const std::optional<Channel> channel = ReadChannel(key);
          if (channel) read.channels[*channel] = ReadWords(value, *channel, says);
        }
      }
      if (id == nullptr || read.id.empty()) continue;
      if (!treatment_.templates.emplace(read.id, read).second) {
        faults_->Add(*id, "template `" + read.id + "` is there twice; rename one");
      }
    }
  }

  // A flag that is not written stays unknown, which never helps the sender.
  Message ReadFindings(const Node& node) {
    Message message;
    MapReader map(node, "says", faults_);
    if (!map.ok()) return message;
    const auto read = [&](const char* key, std::optional<bool>& flag) {
      if (const Node* value = map.Get(key)) flag = ReadBool(*value, faults_);
    };
    read("mentions_debt", message.mentions_debt);
    read("discloses_collector", message.discloses_collector);
    read("reveals_trade", message.reveals_trade);
    read("true_sender_name", message.true_sender_name);
    read("names_firm_unasked", message.names_firm_unasked);
    read("misleading_reason", message.misleading_reason);
    read("payment_link", message.payment_link);
    read("pressing_offer", message.pressing_offer);
    read("demands_payment", message.demands_payment);
    read("offer", message.offer);
    read("commercial", message.commercial);
    read("recipient_charged", message.recipient_charged);
    const auto read_words = [&](const char* key, std::optional<std::vector<std::string>>& words) {
      const Node* list = map.Get(key);
      if (list == nullptr) return;
      words.emplace();
      for (const Node* item : ReadList(*list)) {
        words->push_back(ReadText(*item, faults_).value_or(""));
      }
      std::sort(words->begin(), words->end());
    };
    read_words("carries", message.carries);
    read_words("found", message.found);
    return message;
  }

  ChannelText ReadWords(const Node& node, Channel channel, const Message& says) {
    ChannelText words;
    words.message = says;
    MapReader map(node, "channel of a template", faults_);
    if (!map.ok()) return words;
    if (const Node* offer = map.Need("opt_out")) {
      const std::string word = ReadText(*offer, faults_).value_or("");
      const std::optional<OptOutOffer> parsed = ParseWord<OptOutOffer>(word);
      if (!parsed || *parsed == OptOutOffer::kUnstated) {
        faults_->Add(*offer,
                     Unknown("way out", word,
                             {"reply_stop", "link", "reply_subject", "postal_only", "none"}));
      } else if (*parsed == OptOutOffer::kLink) {
        faults_->Add(*offer, "no link is sent yet; offer `reply_stop` or `reply_subject`");
      } else {
        words.message.opt_out = *parsed;
        if (*parsed == OptOutOffer::kNone && channel != Channel::kLetter) {
          faults_->Add(*offer, "a message needs a way out; offer `reply_stop` or `reply_subject`");
        }
      }
    }
    if (const Node* text = map.Need("text")) {
      if (!text->is_map() || text->members.empty()) {
        faults_->Add(*text, "text is missing; write it in at least one language");
      }
      for (const auto& [language, value] : text->members) ReadOneText(language, value, &words);
      if (text->is_map() && !words.texts.contains(treatment_.default_language)) {
        faults_->Add(*text, "no text in the default language `" + treatment_.default_language +
                                "`; add one");
      }
    }
    return words;
  }

  void ReadOneText(const Node& language, const Node& value, ChannelText* words) {
    const std::optional<std::string> text = ReadText(value, faults_);
    if (!text) return;
    if (text->empty()) {
      faults_->Add(value, "text is empty; write it or leave the language out");
      return;
    }
    for (const std::string& name : UnknownPlaceholders(*text)) {
      faults_->Add(value, Unknown("placeholder", name, KnownPlaceholders()));
    }
    words->texts[language.text] = *text;
  }

  void ReadSteps(const Node& list) {
    if (!list.is_list() || list.items.empty()) {
      faults_->Add(list, "steps are missing; list at least one");
      return;
    }
    int last_day = -1;
    for (const Node& node : list.items) {
      MapReader map(node, "step", faults_);
      if (!map.ok()) continue;
      Step step;
      const Node* at = map.Get("at_days_past_due");
      const Node* after = map.Get("days_after_previous");
      if ((at == nullptr) == (after == nullptr)) {
        faults_->Add(node,
                     "a step is due at one time; give `at_days_past_due` or "
                     "`days_after_previous`, and not both");
      }
      if (at != nullptr) {
        step.at_days_past_due = ReadDays(*at, 0);
        if (step.at_days_past_due && *step.at_days_past_due <= last_day) {
          faults_->Add(*at, "steps go forward in time; sort them by `at_days_past_due`");
        }
        last_day = std::max(last_day, step.at_days_past_due.value_or(last_day));
      }
      if (after != nullptr) {
        step.days_after_previous = ReadDays(*after, 1);
        if (treatment_.steps.empty() && &node == &list.items.front()) {
          faults_->Add(*after, "the first step follows nothing; give it `at_days_past_due`");
        }
      }
      if (const Node* name = map.Need("template")) {
        step.template_id = ReadText(*name, faults_).value_or("");
        CheckTemplate(*name, step.template_id);
      }
      if (const Node* channels = map.Need("channels")) {
        for (const Node* item : ReadList(*channels)) ReadStepChannel(*item, &step);
        if (ReadList(*channels).empty()) faults_->Add(*channels, "name at least one channel");
      }
      treatment_.steps.push_back(std::move(step));
    }
  }

  void ReadStepChannel(const Node& node, Step* step) {
    const std::optional<Channel> channel = ReadChannel(node);
    if (!channel) return;
    if (std::find(step->channels.begin(), step->channels.end(), *channel) != step->channels.end()) {
      faults_->Add(node, "channel `" + node.text + "` is there twice; remove one");
      return;
    }
    const auto found = treatment_.templates.find(step->template_id);
    if (found != treatment_.templates.end() && !found->second.channels.contains(*channel)) {
      faults_->Add(node, "template `" + step->template_id + "` has no words for `" + node.text +
                             "`; write them or remove the channel");
      return;
    }
    step->channels.push_back(*channel);
  }

  void CheckTemplate(const Node& node, const std::string& id) {
    if (treatment_.templates.contains(id)) return;
    std::vector<std::string> known;
    for (const auto& [name, read] : treatment_.templates) known.push_back(name);
    faults_->Add(node, Unknown("template", id, known));
  }

  Faults* faults_;
  Treatment treatment_;
};

}  // namespace

Treatment ReadTreatment(std::string_view text, Faults* faults) {
  const Node root = Parse(text, faults);
  if (!faults->empty()) return {};
  Treatment treatment = TreatmentReader(faults).Read(root);
  treatment.digest = "sha256:" + ToHex(audit::AsText(audit::Sha256(text)));
  return treatment;
}

absl::StatusOr<std::shared_ptr<const Treatment>> LoadTreatment(const std::string& path) {
  FORBEAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Faults faults(path);
  Treatment treatment = ReadTreatment(text, &faults);
  FORBEAR_RETURN_IF_ERROR(faults.ToStatus());
  return std::make_shared<const Treatment>(std::move(treatment));
}

}  // namespace forbear::yaml
