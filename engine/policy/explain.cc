#include "engine/policy/explain.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <string_view>

namespace forbear::policy {
namespace {

constexpr size_t kTongues = 3;
using Said = std::array<const char*, kTongues>;  // in the order of Tongue

// Why a rule says no, and what would change that.
struct ReasonWords {
  Reason reason;
  Said why;
  Said change;
};

constexpr Said kWaits = {"Wait until it opens.", "等到開放的時間。", "等到开放的时间。"};
constexpr Said kOnlyThem = {"Only the borrower, or the event the rule names, can end this.",
                            "只有債務人本人，或規定所指的事件，才能結束這個限制。",
                            "只有债务人本人，或规定所指的事件，才能结束这个限制。"};

constexpr ReasonWords kReasons[] = {
    {Reason::kOutsideHours,
     {"It is outside the hours in which contact is permitted where the borrower may be",
      "現在不在債務人可能所在地允許聯絡的時段內", "现在不在债务人可能所在地允许联络的时段内"},
     kWaits},
    {Reason::kBlackoutDay,
     {"Contact is not permitted on this day", "這一天不允許聯絡", "这一天不允许联络"},
     kWaits},
    {Reason::kCapReached,
     {"As many contacts as are permitted have been made already", "允許的聯絡次數已經用完",
      "允许的联络次数已经用完"},
     {"Wait until an earlier contact no longer counts.", "等到較早的一次聯絡不再計入。",
      "等到较早的一次联络不再计入。"}},
    {Reason::kGap,
     {"The last contact was too short a time ago", "距離上一次聯絡的時間太短",
      "距离上一次联络的时间太短"},
     kWaits},
    {Reason::kCooldown,
     {"A waiting time has not passed yet", "規定的等待期尚未屆滿", "规定的等待期尚未届满"},
     kWaits},
    {Reason::kNoConsent,
     {"There is no consent of the kind that is needed", "沒有所需形式的同意", "没有所需形式的同意"},
     {"The borrower would have to consent first.", "須先取得債務人的同意。",
      "须先取得债务人的同意。"}},
    {Reason::kOptedOut,
     {"The borrower has opted out of this", "債務人已拒絕以此方式聯絡", "债务人已拒绝以此方式联络"},
     {"Only the borrower can take that back.", "只有債務人本人可以撤回。",
      "只有债务人本人可以撤回。"}},
    {Reason::kNoWayOut,
     {"The message offers no accepted way to opt out", "訊息沒有提供可接受的退訂方式",
      "消息没有提供可接受的退订方式"},
     {"Another message is needed, one that offers it.", "須改用提供退訂方式的訊息。",
      "须改用提供退订方式的消息。"}},
    {Reason::kStanding,
     {"The borrower's situation stops contact", "債務人目前的狀況使聯絡必須停止",
      "债务人目前的状况使联络必须停止"},
     kOnlyThem},
    {Reason::kInconvenientTime,
     {"The borrower has named this time as inconvenient", "債務人表示這個時間不方便",
      "债务人表示这个时间不方便"},
     {"Choose another time, or wait.", "另選時間，或等待。", "另选时间，或等待。"}},
    {Reason::kInconvenientPlace,
     {"The borrower must not be contacted at this place", "不得在這個地點聯絡債務人",
      "不得在这个地点联络债务人"},
     {"Choose another contact point.", "改用其他聯絡方式。", "改用其他联络方式。"}},
    {Reason::kChannelRefused,
     {"The borrower does not want this channel", "債務人不願以此管道聯絡",
      "债务人不愿以此渠道联络"},
     {"Choose another channel.", "改用其他管道。", "改用其他渠道。"}},
    {Reason::kThirdParty,
     {"Whoever would be reached is not the borrower", "將聯絡到的並非債務人本人",
      "将联络到的并非债务人本人"},
     {"Write to the borrower alone.", "只聯絡債務人本人。", "只联络债务人本人。"}},
    {Reason::kOverheard,
     {"Others could learn of the debt from it", "他人可能因此得知債務", "他人可能因此得知债务"},
     {"Choose a message or a contact point that tells others nothing.",
      "改用不會向他人透露的訊息或聯絡方式。", "改用不会向他人透露的消息或联络方式。"}},
    {Reason::kNoticeNotSent,
     {"A notice that must come first has not gone out", "必須先發出的通知尚未發出",
      "必须先发出的通知尚未发出"},
     {"Send that notice first.", "先發出該通知。", "先发出该通知。"}},
    {Reason::kNoticeWait,
     {"The time after a notice has not passed yet", "通知後的等待期尚未屆滿",
      "通知后的等待期尚未届满"},
     kWaits},
    {Reason::kBarred,
     {"This kind of contact is barred", "此類聯絡被禁止", "此类联络被禁止"},
     {"Waiting does not help: another kind of contact is needed.", "等待無濟於事，須改用其他方式。",
      "等待无济于事，须改用其他方式。"}},
    {Reason::kUnknownFact,
     {"A fact that the rule asks for is not known, and what is not known is not permitted",
      "規定所需的事實不明；不明即不允許", "规定所需的事实不明；不明即不允许"},
     {"Establish the fact.", "查明該事實。", "查明该事实。"}},
    {Reason::kNoZone,
     {"It is not known what time it is where the borrower is", "不知道債務人所在地的時間",
      "不知道债务人所在地的时间"},
     {"An address or a zone is needed.", "需要地址或時區。", "需要地址或时区。"}},
    {Reason::kNoJurisdiction,
     {"It is not known whose law applies", "不知道應適用何地的法律", "不知道应适用何地的法律"},
     {"An address is needed, or places the tenant names.", "需要地址，或由業者指定的地區。",
      "需要地址，或由业者指定的地区。"}},
    {Reason::kNoHoursRule,
     {"No hours are laid down for this place", "此地沒有規定可聯絡的時段",
      "此地没有规定可联络的时段"},
     {"A rule about hours is needed.", "需要關於時段的規定。", "需要关于时段的规定。"}},
    {Reason::kItemMissing,
     {"The message does not carry something that it must", "訊息缺少必須載明的事項",
      "消息缺少必须载明的事项"},
     {"Another message is needed, one that carries it.", "須改用載明該事項的訊息。",
      "须改用载明该事项的消息。"}},
    {Reason::kWrongLanguage,
     {"The message is not in a language that it must be in", "訊息未使用規定的語言",
      "消息未使用规定的语言"},
     {"Another message is needed, in that language.", "須改用該語言的訊息。",
      "须改用该语言的消息。"}},
    {Reason::kCallerNotShown,
     {"The number that would be shown is hidden, or not of the kind that is needed",
      "來電號碼未顯示，或不屬於規定的類別", "来电号码未显示，或不属于规定的类别"},
     {"Use a number of that kind, and show it.", "改用該類號碼並予顯示。",
      "改用该类号码并予显示。"}},
    {Reason::kForbiddenContent,
     {"The message holds something that it must not", "訊息含有不得出現的內容",
      "消息含有不得出现的内容"},
     {"Another message is needed, without it.", "須改用不含該內容的訊息。",
      "须改用不含该内容的消息。"}},
    {Reason::kTimeBarred,
     {"The debt is too old for what the message says", "債務已逾時效，訊息所述並不適當",
      "债务已过时效，消息所述并不适当"},
     {"Another message is needed, one that threatens no suit.", "須改用不涉及訴訟的訊息。",
      "须改用不涉及诉讼的消息。"}},
    {Reason::kNotLicensed,
     {"The tenant does not hold a licence that is needed", "業者沒有所需的許可",
      "业者没有所需的许可"},
     {"The licence is needed first.", "須先取得許可。", "须先取得许可。"}},
};

constexpr Said kAllowed = {"Yes. This contact may be made now, {0}.",
                           "可以。現在（{0}）可以進行這次聯絡。",
                           "可以。现在（{0}）可以进行这次联络。"};
constexpr Said kDeferred = {
    "Not now, {0}. If nothing else happens, the first moment at which it may be made is {1}.",
    "現在（{0}）不可以。若無其他事情發生，最早可聯絡的時間是 {1}。",
    "现在（{0}）不可以。若无其他事情发生，最早可联络的时间是 {1}。"};
constexpr Said kDenied = {"No, not at {0}, and waiting alone will not change that.",
                          "不可以（{0}），而且單靠等待不會改變。",
                          "不可以（{0}），而且单靠等待不会改变。"};
constexpr Said kBecause = {"{0} ({1}).", "{0}（{1}）。", "{0}（{1}）。"};
constexpr Said kOpens = {"By this rule alone it opens at {0}.", "單就這條規定，{0} 起開放。",
                         "单就这条规定，{0} 起开放。"};
constexpr Said kLacking = {"What is needed: {0}.", "", ""};  // `needs` is told in English only
constexpr Said kPresumption = {"Past it, the law presumes harassment.", "超過即推定為騷擾。",
                               "超过即推定为骚扰。"};
constexpr Said kGuidance = {"This is the regulator's guidance.", "這是主管機關的指引。",
                            "这是主管机关的指引。"};
constexpr Said kOurs = {
    "This rule is ours: no law gives the number, and we keep to it all the same.",
    "這是我們自訂的規則：法律未定數字，我們仍予遵守。",
    "这是我们自订的规则：法律未定数字，我们仍予遵守。"};
constexpr Said kBudget = {"{0} of {1} are used under {2} ({3}; counted by {4}).",
                          "依 {2}（{3}；按 {4} 計），已用 {0} 次，上限 {1} 次。",
                          "依 {2}（{3}；按 {4} 计），已用 {0} 次，上限 {1} 次。"};
constexpr Said kFrees = {"The next frees {0}.", "下一次額度於 {0} 釋出。",
                         "下一次额度于 {0} 释出。"};
constexpr Said kDuty = {"With it comes a duty under {0}: {1}.", "依 {0}，同時負有義務：{1}。",
                        "依 {0}，同时负有义务：{1}。"};
constexpr Said kDutyBy = {"With it comes a duty under {0}, by {2}: {1}.",
                          "依 {0}，須於 {2} 前履行義務：{1}。",
                          "依 {0}，须于 {2} 前履行义务：{1}。"};
constexpr Said kOfferWayOut = {"offer a way to opt out", "提供退訂方式", "提供退订方式"};
constexpr Said kSendNotice = {"send the notice `{0}`", "發出通知 {0}", "发出通知 {0}"};
constexpr Said kPlaces = {"Whose law: {0}.", "適用法域：{0}。", "适用法域：{0}。"};
constexpr Said kZones = {"Whose clock: {0}; it must be open in every one of them.",
                         "依據時區：{0}；每一個時區都必須開放。",
                         "依据时区：{0}；每一个时区都必须开放。"};
constexpr Said kOneZone = {"Whose clock: {0}.", "依據時區：{0}。", "依据时区：{0}。"};
constexpr Said kRests = {"Judged by the packs {0}, bundle {1}, with zone data {2}.",
                         "依規則包 {0}（版本 {1}）與時區資料 {2} 判斷。",
                         "依规则包 {0}（版本 {1}）与时区数据 {2} 判断。"};
constexpr Said kSay = {"say or show `{0}`", "載明 {0}", "载明 {0}"};
constexpr Said kSpeak = {"use the language `{0}`", "使用語言 {0}", "使用语言 {0}"};
constexpr Said kShowNumber = {"let the caller's number be seen", "顯示來電號碼", "显示来电号码"};
constexpr Said kCallFrom = {"call from a number of the kind `{0}`", "使用 {0} 類號碼致電",
                            "使用 {0} 类号码致电"};
constexpr Said kFactSince = {"It rests on `{0}` of {1}, {2} ago.", "依據：{1} 的 {0}，距今 {2}。",
                             "依据：{1} 的 {0}，距今 {2}。"};
constexpr Said kDays = {"{0} days", "{0} 天", "{0} 天"};
constexpr Said kOneDay = {"one day", "1 天", "1 天"};
constexpr Said kHours = {"{0} hours", "{0} 小時", "{0} 小时"};
constexpr Said kMinutes = {"{0} minutes", "{0} 分鐘", "{0} 分钟"};
constexpr Said kWarned = {"It would be refused by {0}, but the overlay only warns of that guidance.",
                          "{0} 原應拒絕，但本機構的覆蓋規則僅就該指引提出警示。",
                          "{0} 原应拒绝，但本机构的覆盖规则仅就该指引提出警示。"};
constexpr Said kMuted = {"It would be held back by {0}, a suggestion of ours that the overlay mutes.",
                         "{0} 原應暫緩，但此為我們的建議，本機構的覆蓋規則已將其關閉。",
                         "{0} 原应暂缓，但此为我们的建议，本机构的覆盖规则已将其关闭。"};
constexpr Said kSpace = {" ", "", ""};
constexpr Said kComma = {", ", "、", "、"};

// Why a place or zone is in its set.
struct WhyWords {
  std::string_view why;
  Said said;
};
constexpr WhyWords kWhys[] = {
    {"home", {"home", "住家", "住家"}},
    {"work", {"work", "工作地", "工作地"}},
    {"none", {"address", "地址", "地址"}},
    {"number", {"phone number", "電話號碼", "电话号码"}},
    {"declared", {"the borrower's own word", "債務人自述", "债务人自述"}},
    {"whereabouts", {"where they are for now", "目前所在地", "目前所在地"}},
    {"subdivision_unknown",
     {"which part of the country is not known", "不知道在該國何處", "不知道在该国何处"}},
    {"tenant", {"the tenant's seat", "業者所在地", "业者所在地"}},
    {"tenant_fallback",
     {"named by the tenant for want of an address", "地址不明時由業者指定",
      "地址不明时由业者指定"}},
};

class Speaker {
 public:
  Speaker(const Decision& decision, const ZoneTables& zones, Tongue tongue)
      : decision_(decision), tongue_(static_cast<size_t>(tongue)) {
    if (decision.grounds == nullptr) return;
    for (const Because& because : decision.grounds->zones) {
      zone_ = zones.Find(because.what);
      if (zone_ != nullptr) return;
    }
  }

  std::vector<std::string> Speak() const {
    std::vector<std::string> paragraphs = {Headline()};
    for (const Denial& denial : decision_.denials) paragraphs.push_back(Why(denial));
    for (const SetAside& one : decision_.set_aside) {
      const Said& said = one.how == SetAsideHow::kWarned ? kWarned : kMuted;
      paragraphs.push_back(Fill(said, {one.denial.rule}));
    }
    for (const Budget& budget : decision_.budgets) {
      if (budget.used > 0) paragraphs.push_back(Left(budget));
    }
    for (const Obligation& one : decision_.obligations) paragraphs.push_back(Duty(one));
    if (decision_.grounds != nullptr) paragraphs.push_back(Grounds());
    return paragraphs;
  }

 private:
  std::string Fill(const Said& said, std::initializer_list<std::string> values) const {
    std::string text;
    for (std::string_view rest = said[tongue_]; !rest.empty();) {
      const bool slot = rest.size() >= 3 && rest[0] == '{' && rest[2] == '}';
      text += slot ? values.begin()[rest[1] - '0'] : std::string(1, rest[0]);
      rest.remove_prefix(slot ? 3 : 1);
    }
    return text;
  }
  void Add(std::string& text, const std::string& sentence) const {
    if (sentence.empty()) return;
    if (!text.empty()) text += kSpace[tongue_];
    text += sentence;
  }

  // "2026-03-11 08:00:01 (America/New_York)".
  std::string When(Instant at) const {
    if (zone_ == nullptr) return FormatInstant(at);
    const LocalTime local = zone_->ToLocal(at);
    const Day day = date::floor<date::days>(local);
    const date::hh_mm_ss clock{local - day};
    const auto two = [](long long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    std::string text =
        FormatDay(day) + " " + two(clock.hours().count()) + ":" + two(clock.minutes().count());
    if (clock.seconds().count() != 0) text += ":" + two(clock.seconds().count());
    return text + " " + zone_->name();
  }

  std::string Headline() const {
    switch (decision_.answer) {
      case Answer::kAllowed:
        return Fill(kAllowed, {When(decision_.at)});
      case Answer::kDeferred:
        return Fill(kDeferred, {When(decision_.at), When(*decision_.next_allowed_at)});
      case Answer::kDenied:
        break;
    }
    return Fill(kDenied, {When(decision_.at)});
  }

  std::string Why(const Denial& denial) const {
    const auto* words =
        std::find_if(std::begin(kReasons), std::end(kReasons),
                     [&](const ReasonWords& row) { return row.reason == denial.reason; });
    std::string source = denial.rule;
    for (const Citation& cite : denial.cites) source += kComma[tongue_] + cite.text;
    std::string text;
    if (words != std::end(kReasons)) {
      Add(text, Fill(kBecause, {words->why[tongue_], source}));
    } else {
      Add(text, Fill(kBecause, {std::string(ToWord(denial.reason)), source}));
    }
    if (denial.suggested) {
      Add(text, kOurs[tongue_]);
    } else if (denial.effect == Effect::kPresumption) {
      Add(text, kPresumption[tongue_]);
    } else if (denial.effect == Effect::kGuidance) {
      Add(text, kGuidance[tongue_]);
    }
    if (denial.fact_at && *denial.fact_at <= decision_.at) {
      Add(text, Fill(kFactSince, {denial.fact, When(*denial.fact_at), Age(*denial.fact_at)}));
    }
    if (denial.opens_at) {
      Add(text, Fill(kOpens, {When(*denial.opens_at)}));
    } else if (kLacking[tongue_][0] != '\0' && !denial.needs.empty()) {
      Add(text, Fill(kLacking, {denial.needs}));
    } else if (words != std::end(kReasons)) {
      Add(text, words->change[tongue_]);
    }
    return text;
  }

  // Days where there are any, else hours, else minutes: how old a fact is matters no finer.
  std::string Age(Instant since) const {
    const auto age = decision_.at - since;
    const auto days = date::floor<date::days>(age).count();
    if (days == 1) return kOneDay[tongue_];
    if (days > 1) return Fill(kDays, {std::to_string(days)});
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(age).count();
    if (hours > 1) return Fill(kHours, {std::to_string(hours)});
    return Fill(kMinutes,
                {std::to_string(std::chrono::duration_cast<std::chrono::minutes>(age).count())});
  }

  std::string Left(const Budget& budget) const {
    std::string text =
        Fill(kBudget, {std::to_string(budget.used), std::to_string(budget.limit), budget.rule,
                       budget.window, budget.scope});
    if (budget.next_frees_at) Add(text, Fill(kFrees, {When(*budget.next_frees_at)}));
    return text;
  }

  std::string Duty(const Obligation& one) const {
    constexpr std::string_view kNotice = "send_notice:";
    std::string duty = one.duty;
    if (duty == "offer_opt_out") {
      duty = kOfferWayOut[tongue_];
    } else if (duty.starts_with(kNotice)) {
      duty = Fill(kSendNotice, {duty.substr(kNotice.size())});
    } else if (duty == "caller_id:shown") {
      duty = kShowNumber[tongue_];
    } else if (const size_t colon = duty.find(':'); colon != std::string::npos) {
      const std::string_view verb = std::string_view(duty).substr(0, colon);
      const Said* said = verb == "say"      ? &kSay
                         : verb == "speak"  ? &kSpeak
                         : verb == "caller" ? &kCallFrom
                                            : nullptr;
      if (said != nullptr) duty = Fill(*said, {duty.substr(colon + 1)});
    }
    if (one.due_at) return Fill(kDutyBy, {one.rule, duty, When(*one.due_at)});
    return Fill(kDuty, {one.rule, duty});
  }

  // "US-OH (home, phone number)": each once, with all its reasons.
  std::string Set(const std::vector<Because>& set) const {
    std::string text;
    for (size_t i = 0; i < set.size(); ++i) {
      if (i > 0 && set[i].what == set[i - 1].what) continue;
      if (!text.empty()) text += kComma[tongue_];
      text += set[i].what + " (";
      for (size_t j = i; j < set.size() && set[j].what == set[i].what; ++j) {
        if (j > i) text += kComma[tongue_];
        const auto* words =
            std::find_if(std::begin(kWhys), std::end(kWhys),
                         [&](const WhyWords& row) { return row.why == set[j].why; });
        text += words == std::end(kWhys) ? set[j].why : words->said[tongue_];
      }
      text += ")";
    }
    return text;
  }

  std::string Grounds() const {
    const policy::Grounds& grounds = *decision_.grounds;
    std::string text;
    if (!grounds.jurisdictions.empty()) Add(text, Fill(kPlaces, {Set(grounds.jurisdictions)}));
    if (!grounds.zones.empty()) {
      const bool several = grounds.zones.front().what != grounds.zones.back().what;
      Add(text, Fill(several ? kZones : kOneZone, {Set(grounds.zones)}));
    }
    std::string packs;
    for (const std::string& pack : grounds.packs) {
      packs += (packs.empty() ? "" : kComma[tongue_]) + pack;
    }
    Add(text, Fill(kRests, {packs, grounds.bundle_digest.substr(0, 19), grounds.tzdata}));
    return text;
  }

  const Decision& decision_;
  const size_t tongue_;
  std::shared_ptr<const ZoneTable> zone_;
};

}  // namespace

std::vector<std::string> Explain(const Decision& decision, const ZoneTables& zones, Tongue tongue) {
  return Speaker(decision, zones, tongue).Speak();
}

}  // namespace forbear::policy
