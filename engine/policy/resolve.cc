// Which places, zones and packs bind a contact (domain.md), and then every rule of those packs.
#include <algorithm>
#include <map>
#include <set>

#include "engine/policy/binder.h"
#include "engine/policy/bundle.h"

namespace forbear::policy {
namespace {

// How long a zone the borrower gave is taken to be where they are. Law gives no number for
// "recently"; a season is long enough for a move to be told and short enough to notice one.
constexpr auto kDeclaredZoneFreshFor = date::days{90};

class SetFinder {
 public:
  SetFinder(const Facts& facts, const Surroundings& surroundings)
      : facts_(facts), surroundings_(surroundings) {}

  Sets Find() {
    AddAddresses();
    AddWhereabouts();
    AddNumbers();
    AddDeclared();
    AddTenant();
    std::sort(reasons_.begin(), reasons_.end());
    reasons_.erase(std::unique(reasons_.begin(), reasons_.end()), reasons_.end());
    sets_.zone_reasons = std::move(reasons_);
    return std::move(sets_);
  }

 private:
  void AddZone(std::vector<ZoneSpan>* list, const std::string& name, const std::string& why,
               Instant from = kFirstInstant, Instant until = kEndOfTime) {
    const auto zone = surroundings_.zones->Find(name);
    if (zone == nullptr) return;
    const bool there = std::any_of(list->begin(), list->end(), [&](const ZoneSpan& span) {
      return span.zone == zone.get() && span.from <= from && span.until >= until;
    });
    if (!there) list->push_back({zone.get(), from, until});
    if (!why.empty()) reasons_.push_back({name, why});
  }

  void AddPlace(const Place& place, const std::string& why, bool tenant,
                Instant from = kFirstInstant, Instant until = kEndOfTime) {
    const auto add = [&](const std::string& jurisdiction, const std::string& because) {
      PlaceSpan span{jurisdiction, because, from, until};
      (tenant ? span.of_tenant : span.of_borrower) = true;
      sets_.places.push_back(std::move(span));
    };
    for (const std::string& jurisdiction : surroundings_.places->JurisdictionsOf(place)) {
      add(jurisdiction, why);
    }
    // Somewhere in the country: the law of every part that has its own may be the borrower's.
    if (tenant || !place.subdivision.empty() || place.country.empty()) return;
    for (const Pack& pack : surroundings_.bundle->packs()) {
      if (pack.jurisdiction.starts_with(place.country + "-")) add(pack.jurisdiction, "subdivision_unknown");
    }
  }

  void AddAddresses() {
    const PlaceTable& table = *surroundings_.places;
    sets_.addresses_known_down_to_zone = !facts_.borrower->places.empty();
    for (const Place& place : facts_.borrower->places) {
      const std::string why(ToWord(place.kind));
      AddPlace(place, why, false);
      for (const std::string& zone : table.ZonesOf(place)) {
        AddZone(&sets_.address_zones, zone, "");
        AddZone(&sets_.zones, zone, why);
      }
      if (table.KnownDownToZone(place)) {
        some_address_known_ = true;
      } else {
        sets_.addresses_known_down_to_zone = false;
      }
    }
    // Nobody's place is nowhere: unknown means every place the tenant has named.
    if (facts_.borrower->places.empty()) {
      for (const Place& place : facts_.tenant->fallback_places) {
        AddPlace(place, "tenant_fallback", false);
      }
    }
  }

  // Somewhere else for a time: the home stays a place too.
  void AddWhereabouts() {
    for (const Event* event : facts_.history) {
      if (event->name != EventName::kWhereabouts) continue;
      std::vector<std::string> zones;
      if (event->place) zones = surroundings_.places->ZonesOf(*event->place);
      Instant until = event->until.value_or(kEndOfTime);
      if (!event->until && event->last_day) {
        // The last of its days is over when it is over there and at home; nobody can say when, where
        // neither tells a zone.
        Instant over = kFirstInstant;
        for (const ZoneSpan& home : sets_.address_zones) {
          over = std::max(over, home.zone->StartOfDay(*event->last_day + date::days{1}));
        }
        for (const std::string& name : zones) {
          if (const auto zone = surroundings_.zones->Find(name)) {
            over = std::max(over, zone->StartOfDay(*event->last_day + date::days{1}));
          }
        }
        if (over > kFirstInstant) until = over;
      }
      sets_.whereabouts.push_back({event, until});
      if (!event->place) continue;
      AddPlace(*event->place, "whereabouts", false, event->at, until);
      for (const std::string& zone : zones) {
        AddZone(&sets_.zones, zone, "whereabouts", event->at, until);
      }
    }
  }

  static bool TellsPlace(Line line) {
    switch (line) {
      case Line::kUnknown:
      case Line::kMobile:
      case Line::kLandline:
      case Line::kVoip:
        return true;
      case Line::kTollFree:
      case Line::kPremium:
      case Line::kPersonalNumber:
      case Line::kSatellite:
        return false;
    }
    return true;
  }

  void AddNumbers() {
    for (const ContactPoint& point : facts_.borrower->contact_points) {
      if (point.kind != PointKind::kPhone || !TellsPlace(point.line)) continue;
      const bool used = facts_.contact.point == point.id;
      const bool own = point.owner == Relation::kBorrower || point.owner == Relation::kEmployer;
      const Person& to = facts_.contact.to;
      const bool theirs = to.relation != Relation::kBorrower && !to.party.IsZero() &&
                          point.party == to.party;
      if (!used && !own && !theirs) continue;
      if (used && !point.number_country.empty()) {
        PlaceSpan span{point.number_country, "number", kFirstInstant, kEndOfTime};
        span.of_number = true;
        sets_.places.push_back(std::move(span));
      }
      // A mobile that names only a country says little where an address says more.
      if (point.line == Line::kMobile && point.number_is_whole_country && some_address_known_) {
        continue;
      }
      for (const std::string& zone : point.number_zones) {
        if (used) AddZone(&sets_.number_zones, zone, "");
        AddZone(&sets_.zones, zone, "number");
      }
    }
  }

  void AddDeclared() {
    const Borrower& borrower = *facts_.borrower;
    if (borrower.declared_zone.empty() || !borrower.declared_zone_at) return;
    const Instant until = *borrower.declared_zone_at + kDeclaredZoneFreshFor;
    const auto zone = surroundings_.zones->Find(borrower.declared_zone);
    if (zone == nullptr) return;
    // While it is fresh the borrower's own word replaces what addresses and numbers tell.
    for (ZoneSpan& span : sets_.zones) span.from = std::max(span.from, until);
    sets_.zones.push_back({zone.get(), *borrower.declared_zone_at, until});
    reasons_.push_back({borrower.declared_zone, "declared"});
  }

  void AddTenant() {
    for (const Place& seat : facts_.tenant->seats) {
      AddPlace(seat, "tenant", true);
      for (const std::string& zone : surroundings_.places->ZonesOf(seat)) {
        AddZone(&sets_.tenant_zones, zone, "");
      }
    }
  }

  const Facts& facts_;
  const Surroundings& surroundings_;
  Sets sets_;
  std::vector<Because> reasons_;
  bool some_address_known_ = false;
};

// A pack that binds, and while which of its places are in the set.
struct BindingPack {
  std::vector<Signal> active;
};

std::map<size_t, BindingPack> FindPacks(const Bundle& bundle, const Sets& sets) {
  std::map<size_t, BindingPack> found;
  for (const PlaceSpan& span : sets.places) {
    for (const Bundle::Binding& binding : bundle.PacksOf(span.jurisdiction)) {
      const Reach& reach = bundle.packs()[binding.pack].reach;
      const bool reached = (span.of_borrower && reach.borrower_place) ||
                           (span.of_number && reach.number) ||
                           (span.of_tenant && reach.tenant_place);
      if (!reached) continue;
      for (const size_t bound : binding.with_parents) {
        found[bound].active.push_back(Signal::During(span.from, span.until));
      }
    }
  }
  for (size_t i = 0; i < bundle.packs().size(); ++i) {
    const Pack& pack = bundle.packs()[i];
    if (pack.jurisdiction == "*" || pack.name == bundle.overlay()) {
      found[i].active.push_back(Signal::Always(true));
    }
  }
  return found;
}

BoundRule Refusal(const Bundle& bundle, const char* id, Reason reason, const char* needs) {
  static const auto* const kCites =
      new std::vector<Citation>{{"unknown is not permission", ""}};
  const Clause clause{Signal::Always(true), reason, needs};
  BoundRule rule;
  rule.id = id;
  rule.rank = bundle.RankOf(id);
  rule.cites = kCites;
  rule.gate = Signal::Always(true);
  rule.clauses = Arena::Current().KeepOne(clause);
  return rule;
}

// The same rule bound for several accounts denies when it denies for any of them.
std::vector<BoundRule> Merge(std::vector<BoundRule> rules, bool several_accounts) {
  // The engine's own refusals are no rules of the bundle: several may stand at one place in it.
  std::stable_sort(rules.begin(), rules.end(), [](const BoundRule& a, const BoundRule& b) {
    return a.rank != b.rank ? a.rank < b.rank : a.id < b.id;
  });
  if (!several_accounts) return rules;
  std::vector<BoundRule> merged;
  Draft whole;
  for (auto first = rules.begin(); first != rules.end();) {
    const auto end = std::find_if(first, rules.end(),
                                  [&](const BoundRule& rule) { return rule.id != first->id; });
    if (end - first == 1) {
      merged.push_back(*first++);
      continue;
    }
    // Push each gate down into its clauses, so that one account's exception spares only its own.
    whole = {};
    for (auto rule = first; rule != end; ++rule) {
      for (Clause clause : rule->clauses) {
        clause.violated = Signal::And(rule->gate, clause.violated);
        if (!clause.violated.Never()) whole.clauses.push_back(std::move(clause));
      }
      for (const BoundBudget& budget : rule->budgets) whole.budgets.push_back(budget);
      for (BoundObligation one : rule->obligations) {
        one.owed = Signal::And(rule->gate, one.owed);
        whole.obligations.push_back(one);
      }
    }
    BoundRule& rule = merged.emplace_back(*first);
    rule.gate = Signal::Always(true);
    rule.clauses = Arena::Current().Keep<Clause>(whole.clauses);
    rule.budgets = Arena::Current().Keep<BoundBudget>(whole.budgets);
    rule.obligations = Arena::Current().Keep<BoundObligation>(whole.obligations);
    first = end;
  }
  return merged;
}

}  // namespace

Sets FindSets(const Facts& facts, const Surroundings& surroundings) {
  return SetFinder(facts, surroundings).Find();
}

Question Resolve(const Facts& facts, const Surroundings& surroundings) {
  auto bound = std::make_shared<BoundQuestion>();
  const Arena::Use use(&bound->arena);
  const Sets sets = FindSets(facts, surroundings);
  const Bundle& bundle = *surroundings.bundle;
  const std::map<size_t, BindingPack> packs = FindPacks(bundle, sets);

  auto grounds = std::make_shared<Grounds>();
  for (const PlaceSpan& span : sets.places) {
    grounds->jurisdictions.push_back({span.jurisdiction, span.why});
  }
  std::sort(grounds->jurisdictions.begin(), grounds->jurisdictions.end());
  grounds->jurisdictions.erase(
      std::unique(grounds->jurisdictions.begin(), grounds->jurisdictions.end()),
      grounds->jurisdictions.end());
  grounds->zones = sets.zone_reasons;
  for (const auto& [index, pack] : packs) grounds->packs.push_back(bundle.packs()[index].name);
  grounds->bundle_digest = bundle.digest();
  grounds->tzdata = surroundings.zones->version();

  std::vector<const Account*> asked;
  for (const AccountId& id : facts.contact.accounts) {
    for (const Account* account : facts.accounts) {
      if (account->id == id) asked.push_back(account);
    }
  }

  Binder binder(facts, surroundings, sets);
  Draft draft;
  std::vector<BoundRule> rules;
  std::vector<const Rule*> considered;
  constexpr size_t kUsualRules = 128;  // that may apply; more only ask for memory again
  rules.reserve(kUsualRules);
  considered.reserve(kUsualRules);
  if (asked.size() != facts.contact.accounts.size() || asked.empty()) {
    rules.push_back(Refusal(bundle, "engine.unknown_account", Reason::kUnknownFact,
                            "an account that is known, for each account of the contact"));
  }
  if (facts.contact.point && binder.FindPoint(*facts.contact.point) == nullptr) {
    rules.push_back(Refusal(bundle, "engine.unknown_contact_point", Reason::kUnknownFact,
                            "a contact point that is known"));
  }
  if (facts.borrower->places.empty() && facts.tenant->fallback_places.empty()) {
    rules.push_back(Refusal(bundle, "engine.no_jurisdiction", Reason::kNoJurisdiction,
                            "an address, or places the tenant names for such borrowers"));
  } else {
    std::vector<Signal> some_pack;
    for (const auto& [index, binding] : packs) {
      some_pack.insert(some_pack.end(), binding.active.begin(), binding.active.end());
    }
    BoundRule no_pack = Refusal(bundle, "engine.no_pack", Reason::kNoJurisdiction,
                                "a pack for the borrower's place, or house rules");
    no_pack.gate = Signal::Not(Signal::Or(some_pack));
    if (!no_pack.gate.Never()) rules.push_back(std::move(no_pack));
  }

  // Nobody knows what time it is for the borrower, always or for a time.
  std::vector<Signal> some_zone;
  for (const ZoneSpan& span : sets.zones) some_zone.push_back(Signal::During(span.from, span.until));
  BoundRule no_zone = Refusal(bundle, "engine.no_zone", Reason::kNoZone,
                              "an address or a phone number that tells a time zone");
  no_zone.gate = Signal::Not(Signal::Or(some_zone));
  if (!no_zone.gate.Never()) rules.push_back(std::move(no_zone));

  for (const Account* account : asked) {
    binder.SetAccount(account);
    // House rules for kinds on which law may be silent: they bind while no rule of law does.
    std::map<RuleKind, std::vector<Signal>> law;
    for (const auto& [index, binding] : packs) {
      for (const RuleKind kind : bundle.LeftoverKindsOf(index)) law.try_emplace(kind);
    }
    for (const bool leftovers : {false, true}) {
      if (leftovers && law.empty()) break;
      for (const auto& [index, binding] : packs) {
        const Pack& pack = bundle.packs()[index];
        if (leftovers && bundle.LeftoverKindsOf(index).empty()) continue;
        binder.SetPack(&pack);
        const Signal active = Signal::Or(binding.active);
        const bool is_law = pack.name != bundle.overlay();
        for (size_t i = 0; i < pack.rules.size(); ++i) {
          const Rule& rule = pack.rules[i];
          if (rule.only_where_no_rule_of_kind != leftovers) continue;
          const RulePlan& plan = bundle.PlansOf(index)[i];
          if (leftovers) {
            BindRule(binder, rule, plan,
                     Signal::And(active, Signal::Not(Signal::Or(law[rule.kind]))), &draft,
                     &rules, &considered);
            continue;
          }
          // A rule of law that applies here is the law's answer for its kind, even if an
          // exception spares this contact; one that only may apply is not.
          const auto of_kind = law.find(rule.kind);
          if (of_kind != law.end() && is_law && binder.Concerned(plan)) {
            of_kind->second.push_back(Signal::And(active, BindsForCertain(binder, rule, plan)));
          }
          BindRule(binder, rule, plan, active, &draft, &rules, &considered);
        }
      }
    }
  }

  bound->rules = Merge(std::move(rules), asked.size() > 1);
  if (asked.size() > 1) {
    std::sort(considered.begin(), considered.end());
    considered.erase(std::unique(considered.begin(), considered.end()), considered.end());
  }
  bound->considered = std::move(considered);
  bound->grounds = std::move(grounds);
  bound->bundle = surroundings.bundle;
  bound->zones = surroundings.zones;
  return Question(std::move(bound));
}

}  // namespace forbear::policy
