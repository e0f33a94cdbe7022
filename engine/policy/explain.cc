#include "engine/policy/explain.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "engine/calendar/weekly.h"
#include "engine/policy/explain_words.h"

namespace forbear::policy {
namespace {

// Why a rule says no, and what would change that; `named` where it is known what is missing or in
// the way.
struct ReasonWords {
  Reason reason;
  Said why;
  Said change;
  Said named = {};
};

constexpr Said kWaits = {"Wait until it opens.", "等到開放的時間。", "等到开放的时间。"};
constexpr Said kWithout = {"It holds {0}. Another message is needed, without that.",
                           "所含內容：{0}。須改用不含此內容的訊息。",
                           "所含内容：{0}。须改用不含此内容的消息。"};

constexpr ReasonWords kReasons[] = {
    {Reason::kOutsideHours,
     {"It is outside the hours in which contact is permitted where the borrower may be",
      "此時不在債務人可能所在地允許聯絡的時段內", "此时不在债务人可能所在地允许联络的时段内"},
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
     {"The waiting time that the rule sets has not passed yet", "規定的等待期尚未屆滿",
      "规定的等待期尚未届满"},
     kWaits},
    {Reason::kNoConsent,
     {"There is no consent of the kind that is needed", "沒有所需形式的同意", "没有所需形式的同意"},
     {"The borrower would have to consent first or, where the rule asks for it, show that the "
      "address is still theirs.",
      "須先取得債務人的同意；規定有要求時，亦須有該地址仍屬債務人的新近跡象。",
      "须先取得债务人的同意；规定有要求时，还须有该地址仍属债务人的新近迹象。"}},
    {Reason::kOptedOut,
     {"Contact in this way has been refused", "已有人拒絕以此方式聯絡", "已有人拒绝以此方式联络"},
     {"Only the borrower can take that back.", "只有債務人本人可以撤回。",
      "只有债务人本人可以撤回。"}},
    {Reason::kNoWayOut,
     {"The message offers no accepted way to opt out", "訊息沒有提供可接受的退訂方式",
      "消息没有提供可接受的退订方式"},
     {"Another message is needed, one that offers it.", "須改用提供退訂方式的訊息。",
      "须改用提供退订方式的消息。"}},
    {Reason::kStanding,
     {"Something that is on file about the borrower or the debt stops contact",
      "債務人或債務的在案情況使聯絡必須停止", "债务人或债务的在案情况使联络必须停止"},
     {"It ends only with word that this is over, or with what the rule names as its end.",
      "須得知此情況已結束，或有規定所指的結束事由，限制才會解除。",
      "须得知此情况已结束，或有规定所指的结束事由，限制才会解除。"}},
    {Reason::kInconvenientTime,
     {"The borrower has named this time as inconvenient", "債務人表示這個時間不方便",
      "债务人表示这个时间不方便"},
     {"Choose another time, or wait.", "另選時間，或等待。", "另选时间，或等待。"}},
    {Reason::kInconvenientPlace,
     {"The borrower must not be contacted at this place or in this way",
      "不得在這個地點或以此方式聯絡債務人", "不得在这个地点或以此方式联络债务人"},
     {"Choose another place or contact point.", "改用其他地點或聯絡方式。",
      "改用其他地点或联络方式。"}},
    {Reason::kChannelRefused,
     {"The borrower does not want this channel", "債務人不願以此管道聯絡",
      "债务人不愿以此渠道联络"},
     {"Choose another channel.", "改用其他管道。", "改用其他渠道。"}},
    {Reason::kThirdParty,
     {"The person who would be reached is not the borrower", "將聯絡到的並非債務人本人",
      "将联络到的并非债务人本人"},
     {"Turn to the borrower, or to one who may act in the borrower's place.",
      "改為聯絡債務人本人，或依規定可代其行事的人。",
      "改为联络债务人本人，或依规定可代其行事的人。"}},
    {Reason::kOverheard,
     {"Others could learn of the debt from it", "他人可能因此得知債務", "他人可能因此得知债务"},
     {"Choose a message or a contact point that tells others nothing.",
      "改用不會向他人透露的訊息或聯絡方式。", "改用不会向他人透露的消息或联络方式。"}},
    {Reason::kNoticeNotSent,
     {"A notice that must come first has not gone out", "必須先發出的通知尚未發出",
      "必须先发出的通知尚未发出"},
     {"Send that notice first.", "先發出該通知。", "先发出该通知。"},
     {"First of all this has to go out: {0}.", "須先發出：{0}。", "须先发出：{0}。"}},
    {Reason::kNoticeWait,
     {"The time after a notice has not passed yet", "通知後的等待期尚未屆滿",
      "通知后的等待期尚未届满"},
     kWaits},
    {Reason::kBarred,
     {"This kind of contact is barred", "此類聯絡被禁止", "此类联络被禁止"},
     {"Waiting does not help: another channel, contact point, person or message is needed.",
      "等待無濟於事，須改用其他管道、聯絡方式、對象或訊息。",
      "等待无济于事，须改用其他渠道、联络方式、对象或消息。"}},
    {Reason::kUnknownFact,
     {"A fact that the rule asks for is not known, and what is not known is not permitted",
      "規定所需的事實不明；不明即不允許", "规定所需的事实不明；不明即不允许"},
     {"Establish the fact.", "查明該事實。", "查明该事实。"},
     {"Find out: {0}.", "須查明：{0}。", "须查明：{0}。"}},
    {Reason::kNoZone,
     {"It is not known what time it is where the borrower is", "不知道債務人所在地的時間",
      "不知道债务人所在地的时间"},
     {"An address is needed, or a phone number that tells a time zone.",
      "需要地址，或可得知時區的電話號碼。", "需要地址，或可得知时区的电话号码。"}},
    {Reason::kNoJurisdiction,
     {"It is not known whose law applies", "不知道應適用何地的法律", "不知道应适用何地的法律"},
     {"An address is needed, or places that the firm names for borrowers without one.",
      "需要地址，或由本機構為地址不明者指定的地區。",
      "需要地址，或由本机构为地址不明者指定的地区。"}},
    {Reason::kNoHoursRule,
     {"No hours are laid down for this place", "此地沒有規定可聯絡的時段",
      "此地没有规定可联络的时段"},
     {"A rule about hours is needed.", "需要關於時段的規定。", "需要关于时段的规定。"}},
    {Reason::kItemMissing,
     {"The message does not carry, or is not known to carry, something that it must",
      "訊息未載明必須載明的事項，或不知是否載明", "消息未载明必须载明的事项，或不知是否载明"},
     {"Another message is needed, one that carries it.", "須改用載明該事項的訊息。",
      "须改用载明该事项的消息。"},
     {"It has to say or show: {0}.", "須載明：{0}。", "须载明：{0}。"}},
    {Reason::kWrongLanguage,
     {"The message is not in a language that it must be in", "訊息未使用規定的語言",
      "消息未使用规定的语言"},
     {"Another message is needed, in that language.", "須改用該語言的訊息。",
      "须改用该语言的消息。"},
     {"A message in this language is needed: {0}.", "須改用此語言的訊息：{0}。",
      "须改用此语言的消息：{0}。"}},
    {Reason::kCallerNotShown,
     {"The number that would be shown is hidden, or not of the kind that is needed",
      "來電號碼未顯示，或不屬於規定的類別", "来电号码未显示，或不属于规定的类别"},
     {"Let the number be seen.", "顯示來電號碼。", "显示来电号码。"},
     {"Use a number of this kind, and show it: {0}.", "改用此類號碼並予顯示：{0}。",
      "改用此类号码并予显示：{0}。"}},
    {Reason::kForbiddenContent,
     {"The message holds something that it must not, or nobody has looked whether it does",
      "訊息含有不得出現的內容，或無人查核其是否含有",
      "消息含有不得出现的内容，或无人核查其是否含有"},
     {"Another message is needed, or somebody's look at this one.",
      "須改用其他訊息，或查核此訊息。", "须改用其他消息，或核查此消息。"},
     kWithout},
    {Reason::kTimeBarred,
     {"The debt is too old for what the message says, or may be",
      "債務已逾時效或可能已逾時效，不宜為訊息所述之表示",
      "债务已过时效或可能已过时效，不宜作消息所述的表示"},
     {"Another message is needed, one that threatens no suit.", "須改用不涉及訴訟的訊息。",
      "须改用不涉及诉讼的消息。"},
     kWithout},
    {Reason::kNotLicensed,
     {"The firm does not hold, or is not known to hold, a licence that is needed",
      "本機構沒有所需的許可，或不知是否持有", "本机构没有所需的许可，或不知是否持有"},
     {"The licence is needed first.", "須先取得許可。", "须先取得许可。"},
     {"This licence is needed first: {0}.", "須先取得許可：{0}。", "须先取得许可：{0}。"}},
};

// What is not known, where a rule of some kind looks for it.
struct UnknownWords {
  RuleKind kind;
  Said said;
};
constexpr UnknownWords kUnknowns[] = {
    {RuleKind::kContactHours,
     {"the table of hours that the rule goes by", "該規定所依據的時段表", "该规定所依据的时段表"}},
    {RuleKind::kContentBan,
     {"whether the message holds {0}", "訊息是否含有{0}", "消息是否含有{0}"}},
    {RuleKind::kTimeBarred,
     {"whether the message holds {0}", "訊息是否含有{0}", "消息是否含有{0}"}},
    {RuleKind::kDisclosure,
     {"whether the message is in {0}", "訊息是否使用語言 {0}", "消息是否使用语言 {0}"}},
    {RuleKind::kIdentification,
     {"whether the message is in {0}", "訊息是否使用語言 {0}", "消息是否使用语言 {0}"}},
    {RuleKind::kLanguage,
     {"whether the message is in {0}", "訊息是否使用語言 {0}", "消息是否使用语言 {0}"}},
};

// Words of their own: for what stops contact for as long as it stands, by the event it began with;
// for what the engine itself refuses, by the rule.
struct OwnWords {
  std::string_view of;
  Said why;
  Said change;
};
constexpr Said kTakenBack = {"Only whoever said so can take it back.", "只有表示者本人可以撤回。",
                             "只有表示者本人可以撤回。"};
constexpr Said kAnswered = {
    "It ends when it is taken back or, where the rule provides for that, answered.",
    "撤回後解除；規定以答覆為結束者，答覆後亦解除。",
    "撤回后解除；规定以答复为结束的，答复后也解除。"};
constexpr Said kOver = {"It ends only with word that this is over.", "須得知此情況已結束才會解除。",
                        "须得知此情况已结束才会解除。"};
constexpr OwnWords kOwn[] = {
    {"cease_request",
     {"There has been a request to be left alone", "已有停止聯絡的要求", "已有停止联络的要求"},
     kTakenBack},
    {"opt_out",
     {"Contact in this way has been refused", "已有人拒絕以此方式聯絡", "已有人拒绝以此方式联络"},
     kTakenBack},
    {"workplace_barred",
     {"Contact at the place of work is not wanted", "不得於工作地點聯絡", "不得在工作地点联络"},
     kTakenBack},
    {"denial",
     {"Somebody has said that they are not the one who owes", "已有人表示自己並非債務人",
      "已有人表示自己并非债务人"},
     kTakenBack},
    {"request",
     {"A request that is on file has to be kept", "在案的要求必須遵守", "在案的要求必须遵守"},
     kAnswered},
    {"refusal",
     {"A refusal that is on file has to be kept", "在案的拒絕必須遵守", "在案的拒绝必须遵守"},
     kAnswered},
    {"dispute", {"The debt is disputed", "債務有異議", "债务有异议"}, kAnswered},
    {"creditor_query",
     {"It has been asked who the original creditor is", "已有人詢問原債權人", "已有人询问原债权人"},
     kAnswered},
    {"attorney_named",
     {"A lawyer acts for the borrower", "債務人已委任律師", "债务人已委托律师"},
     {"Turn to the lawyer. It ends only with word that the lawyer no longer acts.",
      "請洽該律師；須得知律師不再受任才會解除。", "请联络该律师；须得知律师不再受托才会解除。"}},
    {"bankruptcy", {"Bankruptcy stops contact", "破產使聯絡必須停止", "破产使联络必须停止"}, kOver},
    {"moratorium",
     {"A moratorium protects the borrower", "債務人受暫緩期保護", "债务人受暂缓期保护"},
     {"It ends with the moratorium.", "暫緩期結束時解除。", "暂缓期结束时解除。"}},
    {"plan",
     {"A payment arrangement is in place", "已有還款方案", "已有还款方案"},
     {"It ends with word that the arrangement is over or, where the rule provides for that, was "
      "not "
      "kept.",
      "得知方案已結束時解除；規定以未履行為結束者，未履行時亦解除。",
      "得知方案已结束时解除；规定以未履行为结束的，未履行时也解除。"}},
    {"court_procedure",
     {"A court procedure is under way", "法院程序正在進行", "法院程序正在进行"},
     kOver},
    {"complaint", {"A complaint is open", "申訴尚未結案", "投诉尚未结案"}, kOver},
    {"death",
     {"The borrower is reported to have died", "據報債務人已過世", "据报债务人已去世"},
     {"The borrower is not contacted again; whether those who act for the estate may be is a "
      "question of its own.",
      "不再聯絡債務人；可否聯絡遺產代理人須另行判斷。",
      "不再联络债务人；可否联络遗产代理人须另行判断。"}},
    {"minor",
     {"The borrower is reported to be a minor", "據報債務人未成年", "据报债务人未成年"},
     kOver},
    {"incapacity",
     {"The borrower is reported to be unable to look after their affairs",
      "據報債務人無法處理自身事務", "据报债务人无法处理自身事务"},
     kOver},
    {"hospital",
     {"The borrower is reported to be in hospital", "據報債務人住院", "据报债务人住院"},
     kOver},
    {"identity_theft",
     {"The borrower's name is reported to have been misused", "據報債務人身分遭冒用",
      "据报债务人身份被冒用"},
     kOver},
    {"engine.unknown_account",
     {"An account of this contact is not known", "此次聯絡所涉的帳戶不明",
      "此次联络所涉的账户不明"},
     {"Name accounts that are known, one at least.", "須指明至少一個已知的帳戶。",
      "须指明至少一个已知的账户。"}},
    {"engine.unknown_contact_point",
     {"The contact point of this contact is not known", "此次聯絡所用的號碼或地址不明",
      "此次联络所用的号码或地址不明"},
     {"Name a contact point that is known.", "須指明已知的號碼或地址。",
      "须指明已知的号码或地址。"}},
    {"engine.no_pack",
     {"There are no rules for the borrower's place", "沒有債務人所在地的規則",
      "没有债务人所在地的规则"},
     {"A rule pack for that place is needed, or house rules.", "需要該地的規則包，或本機構守則。",
      "需要该地的规则包，或本机构守则。"}},
};

constexpr Said kAllowed = {"Yes. This contact may be made on {0}.",
                           "可以。在 {0} 可以進行這次聯絡。", "可以。在 {0} 可以进行这次联络。"};
constexpr Said kDeferred = {
    "Not yet. This contact may not be made on {0}; if nothing else happens, the first moment at "
    "which it may be made is {1}.",
    "還不可以。在 {0} 不得進行這次聯絡；若期間沒有其他變化，最早可進行的時刻是 {1}。",
    "还不可以。在 {0} 不得进行这次联络；若期间没有其他变化，最早可进行的时刻是 {1}。"};
constexpr Said kDenied = {
    "No. This contact may not be made on {0}, and waiting alone will not change that.",
    "不可以。在 {0} 不得進行這次聯絡，而且單靠等待不會改變。",
    "不可以。在 {0} 不得进行这次联络，而且单靠等待不会改变。"};
constexpr Said kNeverTogether = {
    "Each of these rules opens by itself, but not all at once: by then something else stands "
    "against the contact, such as a duty whose time has run out.",
    "上述各條規定雖各有開放之時，卻不會同時開放：屆時另有阻礙，例如已逾期的義務。",
    "上述各条规定虽各有开放之时，却不会同时开放：届时另有阻碍，例如已逾期的义务。"};
constexpr Said kBecause = {"{0} ({1}).", "{0}（{1}）。", "{0}（{1}）。"};
constexpr Said kRule = {"rule {0}", "規則 {0}", "规则 {0}"};
constexpr Said kPrinciple = {"principle: what is not known is not permitted", "原則：不明即不允許",
                             "原则：不明即不允许"};
constexpr Said kOpens = {"By this rule alone it opens on {0}.", "單就這條規定，自 {0} 起可以聯絡。",
                         "单就这条规定，自 {0} 起可以联络。"};
constexpr Said kPresumption = {"The law presumes harassment where contact is made all the same.",
                               "若仍聯絡，法律推定為騷擾。", "若仍联络，法律推定为骚扰。"};
constexpr Said kPresumed = {
    "The law forbids nothing outright here, but whoever keeps this rule is presumed to be in the "
    "right; we keep to it.",
    "法律在此並未絕對禁止，但遵守此規定者推定為合法；我們予以遵守。",
    "法律在此并未绝对禁止，但遵守此规定的推定为合法；我们予以遵守。"};
constexpr Said kGuidance = {"This is guidance and not law; we keep to it all the same.",
                            "這是指引而非法律，我們仍予遵守。", "这是指引而非法律，我们仍予遵守。"};
constexpr Said kOurs = {
    "This rule is ours: what is cited does not lay it down in these terms, and we keep to it all "
    "the same.",
    "這是我們自訂的規則：所引出處並未如此明定，我們仍予遵守。",
    "这是我们自行制定的规则：所引出处并未如此明确规定，我们仍予遵守。"};
constexpr Said kBudget = {"Allowance: {0} of {1} used, {2} left, {3} ({4}).",
                          "額度：上限 {1} 次，已用 {0} 次，尚餘 {2} 次，{3}（{4}）。",
                          "额度：上限 {1} 次，已用 {0} 次，尚余 {2} 次，{3}（{4}）。"};
constexpr Said kFor = {"{0}, counted for each {1}", "{0}，以{1}計", "{0}，以{1}计"};
constexpr Said kFrees = {"The oldest of these stops counting on {0}.",
                         "其中最早的一次自 {0} 起不再計入。", "其中最早的一次自 {0} 起不再计入。"};
constexpr Said kNeverFrees = {"Waiting alone frees none of these.", "單靠等待不會釋出額度。",
                              "单靠等待不会腾出额度。"};
constexpr Said kDuty = {"A duty that comes with the contact: {0} ({1}).",
                        "聯絡時須履行的義務：{0}（{1}）。", "联络时须履行的义务：{0}（{1}）。"};
constexpr Said kDutyBy = {"A duty that is owed before {2}: {0} ({1}).",
                          "須在 {2} 前履行的義務：{0}（{1}）。",
                          "须在 {2} 前履行的义务：{0}（{1}）。"};
constexpr Said kDutyLate = {"A duty whose time ran out on {2}: {0} ({1}).",
                            "已於 {2} 逾期的義務：{0}（{1}）。",
                            "已于 {2} 逾期的义务：{0}（{1}）。"};
constexpr Said kOfferWayOut = {"offer a way to opt out", "提供退訂方式", "提供退订方式"};
constexpr Said kSendNotice = {"send {0}", "發出{0}", "发出{0}"};
constexpr Said kPlaces = {"The law that counts: {0}.", "適用法域：{0}。", "适用法域：{0}。"};
constexpr Said kNoPlaces = {"No place of the borrower is known, and so no law of one counts.",
                            "不知道債務人的所在地，因此沒有可適用的當地法律。",
                            "不知道债务人的所在地，因此没有可适用的当地法律。"};
constexpr Said kZones = {"The clocks that count: {0}; it must be open on every one of them.",
                         "依據的時區：{0}；每一個時區都必須開放。",
                         "依据的时区：{0}；每一个时区都必须开放。"};
constexpr Said kOneZone = {"The clock that counts: {0}.", "依據的時區：{0}。", "依据的时区：{0}。"};
constexpr Said kNoZones = {"No clock of the borrower's is known; times are told in UTC.",
                           "不知道債務人的時區；時間以 UTC 表示。",
                           "不知道债务人的时区；时间以 UTC 表示。"};
constexpr Said kRests = {"Judged by the rule packs {0} (bundle {1}), with time zone data {2}.",
                         "依規則包 {0}（規則集摘要 {1}）與時區資料 {2} 判斷。",
                         "依规则包 {0}（规则集摘要 {1}）与时区数据 {2} 判断。"};
constexpr Said kSay = {"say or show {0}", "載明{0}", "载明{0}"};
constexpr Said kSpeak = {"use the language {0}", "使用語言 {0}", "使用语言 {0}"};
constexpr Said kShowNumber = {"let the caller's number be seen", "顯示來電號碼", "显示来电号码"};
constexpr Said kCallFrom = {"call from a number of the kind {0}", "以 {0} 類號碼致電",
                            "以 {0} 类号码致电"};
constexpr Said kFactSince = {"It rests on {0} ({1}; {2}).", "依據：{0}（{1}；{2}）。",
                             "依据：{0}（{1}；{2}）。"};
constexpr Said kDays = {"{0} days earlier", "距所詢時刻 {0} 天", "距所询时刻 {0} 天"};
constexpr Said kOneDay = {"one day earlier", "距所詢時刻 1 天", "距所询时刻 1 天"};
constexpr Said kSameDay = {"the same day", "同一天", "同一天"};
constexpr Said kHours = {"{0} hours earlier", "距所詢時刻 {0} 小時", "距所询时刻 {0} 小时"};
constexpr Said kMinutes = {"{0} minutes earlier", "距所詢時刻 {0} 分鐘", "距所询时刻 {0} 分钟"};
constexpr Said kJustNow = {"less than two minutes earlier", "距所詢時刻不到 2 分鐘",
                           "距所询时刻不到 2 分钟"};
constexpr Said kWarned = {
    "This is guidance of which the house rules only warn, so it does not stop the contact.",
    "此為指引，本機構守則選擇僅予警示，不因此停止聯絡。",
    "此为指引，本机构守则选择仅作警示，不因此停止联络。"};
constexpr Said kMuted = {
    "This is a suggestion of ours that the house rules have switched off, so it does not stop the "
    "contact.",
    "此為我們的建議，已由本機構守則關閉，不因此停止聯絡。",
    "此为我们的建议，已由本机构守则关闭，不因此停止联络。"};
constexpr Said kWhen = {"{0}, {1} {2}", "{2} 時間 {0} {1}", "{2} 时间 {0} {1}"};
constexpr Said kDate = {"{0} {1} {2} {3}", "{3}年{2}月{1}日{0}", "{3}年{2}月{1}日{0}"};
constexpr Said kSpace = {" ", "", ""};
constexpr Said kComma = {", ", "、", "、"};
constexpr Said kSemicolon = {"; ", "；", "；"};
constexpr Said kAnd = {" and ", "、", "、"};
constexpr Said kOr = {" or ", "或", "或"};
constexpr Said kQuoted = {"\"{0}\"", "「{0}」", "“{0}”"};
constexpr Said kPlace = {"{0} ({1})", "{0}（{1}）", "{0}（{1}）"};
constexpr Said kClock = {"{0}, {1}", "{0} {1}", "{0} {1}"};

constexpr Said kWeekdays[] = {{"Mon", "週一", "周一"}, {"Tue", "週二", "周二"},
                              {"Wed", "週三", "周三"}, {"Thu", "週四", "周四"},
                              {"Fri", "週五", "周五"}, {"Sat", "週六", "周六"},
                              {"Sun", "週日", "周日"}};
constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                   "May",       "June",     "July",     "August",
                                   "September", "October",  "November", "December"};

// Why a place or zone is in its set.
constexpr WordRow kWhys[] = {
    {"home", {"home address", "住址", "住址"}},
    {"work", {"work address", "工作地址", "工作地址"}},
    {"none", {"address", "地址", "地址"}},
    {"number", {"phone number", "電話號碼", "电话号码"}},
    {"declared", {"the borrower's own word", "債務人自述", "债务人自述"}},
    {"whereabouts", {"where they are for now", "目前所在地", "目前所在地"}},
    {"subdivision_unknown",
     {"which part of the country is not known", "不知道在該國何處", "不知道在该国何处"}},
    {"tenant", {"the firm's seat", "本機構所在地", "本机构所在地"}},
    {"tenant_fallback",
     {"named by the firm for want of an address", "地址不明時由本機構指定",
      "地址不明时由本机构指定"}},
};

// Times are told on one clock, of these the first: the borrower's own word, then where they live.
constexpr std::string_view kNearest[] = {"declared", "home",        "none",
                                         "work",     "whereabouts", "number"};

// The windows of caps: `one` for one of the unit, `many` for more.
struct WindowRow {
  std::string_view unit;
  Said one, many;
};
constexpr WindowRow kWindows[] = {
    {"rolling_hours",
     {"in any hour", "任一小時內", "任一小时内"},
     {"in any {0} hours", "任何連續 {0} 小時內", "任何连续 {0} 小时内"}},
    {"rolling_days",
     {"in any 24 hours", "任何連續 24 小時內", "任何连续 24 小时内"},
     {"in any {0} days of 24 hours", "任何連續 {0} 個 24 小時內", "任何连续 {0} 个 24 小时内"}},
    {"consecutive_days",
     {"in one calendar day", "同一日曆日內", "同一日历日内"},
     {"in {0} calendar days in a row", "連續 {0} 個日曆日內", "连续 {0} 个日历日内"}},
    {"calendar_day",
     {"in one calendar day", "同一日曆日內", "同一日历日内"},
     {"in {0} calendar days", "{0} 個日曆日內", "{0} 个日历日内"}},
    {"calendar_week",
     {"in one calendar week", "同一日曆週內", "同一日历周内"},
     {"in {0} calendar weeks", "{0} 個日曆週內", "{0} 个日历周内"}},
    {"calendar_month",
     {"in one calendar month", "同一日曆月內", "同一日历月内"},
     {"in {0} calendar months", "{0} 個日曆月內", "{0} 个日历月内"}},
    {"since_ever", {"in all", "合計", "合计"}, {"in all", "合計", "合计"}},
    {"since_event",
     {"since the event that the rule names", "自規定所指的事件起", "自规定所指的事件起"},
     {"since the event that the rule names", "自規定所指的事件起", "自规定所指的事件起"}},
};

// What shares a cap's count.
constexpr WordRow kScopes[] = {
    {"person", {"person", "同一人", "同一人"}},
    {"debt", {"debt", "同一筆債務", "同一笔债务"}},
    {"creditor", {"creditor", "同一債權人", "同一债权人"}},
    {"point", {"number or address", "同一號碼或地址", "同一号码或地址"}},
    {"channel", {"channel", "同一管道", "同一渠道"}},
    {"place", {"place", "同一地點", "同一地点"}},
    {"purpose", {"purpose", "同一目的", "同一目的"}},
    {"tenant", {"firm", "同一機構", "同一机构"}},
};

// The clock that times are told on; nullptr: UTC.
std::shared_ptr<const ZoneTable> ToldOn(const Decision& decision, const ZoneTables& zones) {
  if (decision.grounds == nullptr) return nullptr;
  const std::vector<Because>& set = decision.grounds->zones;
  for (const std::string_view why : kNearest) {
    std::shared_ptr<const ZoneTable> best;
    std::ptrdiff_t most = 0;  // of several homes' zones, the one that most speaks for
    for (const Because& because : set) {
      if (because.why != why) continue;
      const std::ptrdiff_t reasons = std::count_if(
          set.begin(), set.end(), [&](const Because& other) { return other.what == because.what; });
      auto zone = zones.Find(because.what);
      if (zone == nullptr || reasons <= most) continue;
      most = reasons;
      best = std::move(zone);
    }
    if (best != nullptr) return best;
  }
  return set.empty() ? nullptr : zones.Find(set.front().what);
}

class Speaker {
 public:
  Speaker(const Decision& decision, const ZoneTables& zones, Tongue tongue)
      : decision_(decision),
        zones_(zones),
        tongue_(static_cast<size_t>(tongue)),
        zone_(ToldOn(decision, zones)) {}

  std::vector<std::string> Speak() const {
    std::vector<std::string> paragraphs = {Headline()};
    for (const Denial& denial : decision_.denials) paragraphs.push_back(Why(denial, nullptr));
    if (NeverTogether()) paragraphs.push_back(kNeverTogether[tongue_]);
    for (const SetAside& one : decision_.set_aside) {
      paragraphs.push_back(Why(one.denial, one.how == SetAsideHow::kWarned ? &kWarned : &kMuted));
    }
    for (const Budget& budget : decision_.budgets) paragraphs.push_back(Left(budget));
    for (std::string& duty : Duties()) paragraphs.push_back(std::move(duty));
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
  void Join(std::string& list, const Said& between, const std::string& item) const {
    if (!list.empty()) list += between[tongue_];
    list += item;
  }

  // A word of a pack or an event, for people; several with `|` between them: one of these.
  std::string Plain(std::string_view words) const {
    std::string text;
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find('|'));
      words.remove_prefix(std::min(words.size(), word.size() + 1));
      if (const Said* said = Find(kWordRows, word)) {
        Join(text, kOr, (*said)[tongue_]);
        continue;
      }
      std::string spaced(word);
      std::replace(spaced.begin(), spaced.end(), '_', ' ');
      Join(text, kOr, Fill(kQuoted, {spaced}));
    }
    return text;
  }

  // A word of one table, or else as any other.
  template <typename Rows>
  std::string Of(const Rows& rows, std::string_view word) const {
    const Said* said = Find(rows, word);
    return said == nullptr ? Plain(word) : std::string((*said)[tongue_]);
  }

  static std::string Two(long long n) { return (n < 10 ? "0" : "") + std::to_string(n); }

  // "Wed 11 March 2026".
  std::string Date(Day day) const {
    const date::year_month_day civil{day};
    const auto month = static_cast<unsigned>(civil.month());
    return Fill(kDate, {Weekday(day), std::to_string(static_cast<unsigned>(civil.day())),
                        tongue_ == 0 ? std::string(kMonths[month - 1]) : std::to_string(month),
                        std::to_string(static_cast<int>(civil.year()))});
  }
  std::string Weekday(Day day) const {
    return kWeekdays[static_cast<size_t>(WeekdayOf(day))][tongue_];
  }
  // "08:00", with seconds only where there are any.
  static std::string Clock(LocalTime local) {
    const date::hh_mm_ss clock{local - date::floor<date::days>(local)};
    std::string text = Two(clock.hours().count()) + ":" + Two(clock.minutes().count());
    if (clock.seconds().count() != 0) text += ":" + Two(clock.seconds().count());
    return text;
  }
  LocalTime Local(Instant at) const {
    return zone_ == nullptr ? LocalTime{at.time_since_epoch()} : zone_->ToLocal(at);
  }
  // "Wed 11 March 2026, 08:00:01 America/New_York".
  std::string When(Instant at) const {
    const LocalTime local = Local(at);
    return Fill(kWhen, {Date(date::floor<date::days>(local)), Clock(local),
                        zone_ == nullptr ? std::string("UTC") : zone_->name()});
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

  // Would each rule open by waiting, and all of them never?
  bool NeverTogether() const {
    const std::vector<Denial>& all = decision_.denials;
    return decision_.answer == Answer::kDenied && !all.empty() &&
           std::all_of(all.begin(), all.end(),
                       [](const Denial& denial) { return denial.opens_at.has_value(); });
  }

  // The law first, then where we keep it: "12 CFR 1006.6(b)(1)(i); rule us.regf.contact-hours".
  std::string Source(const std::vector<Citation>& cites, const std::string& rules) const {
    std::string text;
    for (const Citation& cite : cites) Join(text, kSemicolon, cite.text);
    Join(text, kSemicolon, rules);
    return text;
  }
  std::string Source(const Denial& denial) const {
    const std::string rule = Fill(kRule, {denial.rule});
    if (!IsEngines(denial)) return Source(denial.cites, rule);
    return Source({Citation{kPrinciple[tongue_], ""}}, rule);
  }
  // Does the system itself refuse, for want of what any rule would need?
  static bool IsEngines(const Denial& denial) { return denial.rule.starts_with("engine."); }

  // `aside` is what is said of a denial that was set aside; nullptr: it stands.
  std::string Why(const Denial& denial, const Said* aside) const {
    const auto* words =
        std::find_if(std::begin(kReasons), std::end(kReasons),
                     [&](const ReasonWords& row) { return row.reason == denial.reason; });
    const auto* own = std::find_if(std::begin(kOwn), std::end(kOwn), [&](const OwnWords& row) {
      return row.of == denial.rule || (denial.reason == Reason::kStanding && row.of == denial.fact);
    });
    std::string why(ToWord(denial.reason));
    if (own != std::end(kOwn)) {
      why = own->why[tongue_];
    } else if (words != std::end(kReasons)) {
      why = words->why[tongue_];
    }
    std::string text;
    Add(text, Fill(kBecause, {why, Source(denial)}));
    if (aside != nullptr) {
      Add(text, (*aside)[tongue_]);
    } else if (denial.suggested) {
      Add(text, kOurs[tongue_]);
    } else if (denial.effect == Effect::kPresumption) {
      Add(text, (denial.kind == RuleKind::kConsentRequired ? kPresumed : kPresumption)[tongue_]);
    } else if (denial.effect == Effect::kGuidance) {
      Add(text, kGuidance[tongue_]);
    }
    Add(text, Fact(denial));
    if (aside != nullptr) return text;
    if (denial.opens_at) {
      Add(text, Fill(kOpens, {When(*denial.opens_at)}));
    } else if (own != std::end(kOwn)) {
      Add(text, own->change[tongue_]);
    } else if (words != std::end(kReasons)) {
      Add(text, Change(denial, *words));
    }
    return text;
  }

  std::string Change(const Denial& denial, const ReasonWords& words) const {
    std::string named;
    for (const std::string& word : denial.named) Join(named, kComma, Plain(word));
    if (denial.reason == Reason::kUnknownFact) {
      for (const UnknownWords& row : kUnknowns) {
        if (row.kind == denial.kind) named = Fill(row.said, {named});
      }
    }
    if (named.empty() || words.named[tongue_] == nullptr) return words.change[tongue_];
    return Fill(words.named, {named});
  }

  // The fact that a denial rests on, and how old it is.
  std::string Fact(const Denial& denial) const {
    if (!denial.fact_at) return "";
    // A date of the account belongs to no zone: it is kept as the start of that day in UTC.
    if (denial.fact.starts_with("account.")) {
      const Day day{date::floor<date::days>(*denial.fact_at).time_since_epoch()};
      const Day today = date::floor<date::days>(Local(decision_.at));
      if (day > today) return "";
      const auto days = (today - day).count();
      return Fill(kFactSince, {Plain(denial.fact), Date(day),
                               days == 0 ? std::string(kSameDay[tongue_]) : Days(days)});
    }
    if (*denial.fact_at > decision_.at) return "";
    return Fill(kFactSince, {Plain(denial.fact), When(*denial.fact_at), Age(*denial.fact_at)});
  }

  std::string Days(long long days) const {
    return days == 1 ? std::string(kOneDay[tongue_]) : Fill(kDays, {std::to_string(days)});
  }
  // Days where there are any, else hours, else minutes: how old a fact is matters no finer.
  std::string Age(Instant since) const {
    const auto age = decision_.at - since;
    const auto days = date::floor<date::days>(age).count();
    if (days >= 1) return Days(days);
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(age).count();
    if (hours > 1) return Fill(kHours, {std::to_string(hours)});
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
    return minutes > 1 ? Fill(kMinutes, {std::to_string(minutes)}) : std::string(kJustNow[tongue_]);
  }

  // `7 consecutive_days`: "in 7 calendar days in a row".
  std::string WindowOf(const std::string& window) const {
    const size_t space = window.find(' ');
    const std::string n = space == std::string::npos ? "" : window.substr(0, space);
    const std::string unit = space == std::string::npos ? window : window.substr(space + 1);
    for (const WindowRow& row : kWindows) {
      if (row.unit == unit) return Fill(n == "1" ? row.one : row.many, {n});
    }
    return Plain(window);
  }

  std::string Left(const Budget& budget) const {
    std::string scope;
    for (std::string_view rest = budget.scope; !rest.empty();) {
      const std::string_view word = rest.substr(0, rest.find(", "));
      rest.remove_prefix(std::min(rest.size(), word.size() + 2));
      Join(scope, kAnd, Of(kScopes, word));
    }
    std::string window = WindowOf(budget.window);
    if (!scope.empty()) window = Fill(kFor, {window, scope});
    std::string text = Fill(kBudget, {std::to_string(budget.used), std::to_string(budget.limit),
                                      std::to_string(std::max(0, budget.limit - budget.used)),
                                      window, Source(budget.cites, Fill(kRule, {budget.rule}))});
    if (budget.next_frees_at) {
      Add(text, Fill(kFrees, {When(*budget.next_frees_at)}));
    } else if (budget.used > 0) {
      Add(text, kNeverFrees[tongue_]);
    }
    return text;
  }

  // What rules ask for in the same words, by the same time, on the same ground, is said once.
  std::vector<std::string> Duties() const {
    struct Owed {
      std::string duties, rules;
      const Obligation* first;
    };
    std::vector<Owed> owed;
    const std::vector<Obligation>& all = decision_.obligations;
    for (size_t from = 0, to = 0; from < all.size(); from = to) {
      while (to < all.size() && all[to].rule == all[from].rule &&
             all[to].due_at == all[from].due_at) {
        ++to;
      }
      const std::string duties = DutiesOf(from, to);
      const std::string rule = Fill(kRule, {all[from].rule});
      const auto same = std::find_if(owed.begin(), owed.end(), [&](const Owed& other) {
        return other.duties == duties && other.first->due_at == all[from].due_at &&
               other.first->cites == all[from].cites;
      });
      if (same == owed.end()) {
        owed.push_back({duties, rule, &all[from]});
      } else {
        Join(same->rules, kComma, rule);
      }
    }
    std::vector<std::string> said;
    for (const Owed& one : owed) {
      const std::string source = Source(one.first->cites, one.rules);
      const std::optional<Instant>& due = one.first->due_at;
      if (!due) {
        said.push_back(Fill(kDuty, {one.duties, source}));
      } else {
        const Said& by = *due > decision_.at ? kDutyBy : kDutyLate;
        said.push_back(Fill(by, {one.duties, source, When(*due)}));
      }
    }
    return said;
  }

  // What one rule asks for, all that is to be said in one go.
  std::string DutiesOf(size_t from, size_t to) const {
    constexpr std::string_view kSaying = "say:";
    std::string items, others;
    for (size_t i = from; i < to; ++i) {
      const std::string_view duty = decision_.obligations[i].duty;
      if (duty.starts_with(kSaying)) {
        Join(items, kComma, Plain(duty.substr(kSaying.size())));
      } else {
        Join(others, kSemicolon, DutyOf(duty));
      }
    }
    if (items.empty()) return others;
    std::string text = Fill(kSay, {items});
    if (!others.empty()) Join(text, kSemicolon, others);
    return text;
  }

  std::string DutyOf(std::string_view duty) const {
    if (duty == "offer_opt_out") return kOfferWayOut[tongue_];
    if (duty == "caller_id:shown") return kShowNumber[tongue_];
    const size_t colon = std::min(duty.find(':'), duty.size());
    const std::string_view verb = duty.substr(0, colon);
    const Said* said = verb == "send_notice" ? &kSendNotice
                       : verb == "speak"     ? &kSpeak
                       : verb == "caller"    ? &kCallFrom
                                             : nullptr;
    if (said == nullptr || colon == duty.size()) return Plain(duty);
    return Fill(*said, {Plain(duty.substr(colon + 1))});
  }

  // "US-OH (home address, phone number)": each once, with all its reasons. `clocks`: and with the
  // time that it is there.
  std::string Set(const std::vector<Because>& set, bool clocks) const {
    std::string text;
    for (size_t i = 0; i < set.size(); ++i) {
      if (i > 0 && set[i].what == set[i - 1].what) continue;
      std::string whys;
      for (size_t j = i; j < set.size() && set[j].what == set[i].what; ++j) {
        Join(whys, kComma, Of(kWhys, set[j].why));
      }
      std::string what = set[i].what;
      if (const auto zone = clocks ? zones_.Find(what) : nullptr) {
        const LocalTime local = zone->ToLocal(decision_.at);
        what = Fill(kClock, {what, Weekday(date::floor<date::days>(local)) + " " + Clock(local)});
      }
      Join(text, clocks ? kSemicolon : kComma, Fill(kPlace, {what, whys}));
    }
    return text;
  }

  std::string Grounds() const {
    const policy::Grounds& grounds = *decision_.grounds;
    std::string text;
    if (grounds.jurisdictions.empty()) {
      Add(text, kNoPlaces[tongue_]);
    } else {
      Add(text, Fill(kPlaces, {Set(grounds.jurisdictions, false)}));
    }
    if (grounds.zones.empty()) {
      Add(text, kNoZones[tongue_]);
    } else {
      const bool several = grounds.zones.front().what != grounds.zones.back().what;
      Add(text, Fill(several ? kZones : kOneZone, {Set(grounds.zones, several)}));
    }
    std::string packs;
    for (const std::string& pack : grounds.packs) Join(packs, kComma, pack);
    Add(text, Fill(kRests, {packs, grounds.bundle_digest, grounds.tzdata}));
    return text;
  }

  const Decision& decision_;
  const ZoneTables& zones_;
  const size_t tongue_;
  const std::shared_ptr<const ZoneTable> zone_;
};

}  // namespace

std::vector<std::string> Explain(const Decision& decision, const ZoneTables& zones, Tongue tongue) {
  return Speaker(decision, zones, tongue).Speak();
}

}  // namespace forbear::policy
