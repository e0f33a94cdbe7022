#include "engine/orchestrator/file_set.h"

#include <algorithm>
#include <set>

#include "engine/model/status.h"

namespace forbear {
namespace {

// Events that may open a contact and that only the person who gave them can give. Said by somebody
// who is merely possibly the same person, they permit nothing.
bool OnlyFromOneself(const Event& event) {
  return event.name == EventName::kConsent || event.name == EventName::kAttorneyConsented ||
         event.name == EventName::kAppSession || event.name == EventName::kReassignmentCheck;
}

template <typename Find>
absl::StatusOr<FileSet> Gather(const BorrowerId& id, std::string_view tenant,
                               const std::vector<BorrowerId>& linked, Find find) {
  FileSet files;
  FORBEAR_ASSIGN_OR_RETURN(files.own, find(id));
  if (files.own == nullptr || files.own->borrower.tenant != tenant) {
    return NotFound("no such borrower");
  }
  for (const BorrowerId& other : linked) {
    FORBEAR_ASSIGN_OR_RETURN(auto file, find(other));
    if (file != nullptr) files.linked.push_back(std::move(file));
  }
  return files;
}

}  // namespace

const Account* FileSet::FindAccount(const AccountId& id) const {
  for (const Account& account : own->accounts) {
    if (account.id == id) return &account;
  }
  return nullptr;
}

size_t FileSet::CountEvents() const {
  size_t count = own->events.size();
  for (const auto& file : linked) count += file->events.size();
  return count;
}

absl::StatusOr<FileSet> LoadFileSet(const StateView& state, std::string_view tenant,
                                    const BorrowerId& id) {
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<BorrowerId> linked, state.FindLinked(tenant, id));
  return Gather(id, tenant, linked,
                [&](const BorrowerId& each) { return state.FindBorrower(each); });
}

absl::StatusOr<FileSet> ReadFileSet(const Store& store, std::string_view tenant,
                                    const BorrowerId& id) {
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<BorrowerId> linked, store.ReadLinked(tenant, id));
  return Gather(id, tenant, linked,
                [&](const BorrowerId& each) { return store.ReadBorrower(tenant, each); });
}

policy::Facts FactsFor(const FileSet& files, const policy::TenantFacts& tenant,
                       policy::Contact contact) {
  policy::Facts facts;
  facts.contact = std::move(contact);
  facts.tenant = &tenant;
  facts.borrower = &files.own->borrower;
  for (const Account& account : files.own->accounts) facts.accounts.push_back(&account);
  for (const Event& event : files.own->events) facts.history.push_back(&event);
  for (const auto& file : files.linked) {
    facts.linked.push_back(&file->borrower);
    for (const Account& account : file->accounts) facts.accounts.push_back(&account);
    for (const Event& event : file->events) {
      if (!OnlyFromOneself(event)) facts.history.push_back(&event);
    }
  }
  if (!files.linked.empty()) {
    std::stable_sort(facts.history.begin(), facts.history.end(),
                     [](const Event* a, const Event* b) {
                       return a->at != b->at ? a->at < b->at : a->id < b->id;
                     });
  }
  return facts;
}

policy::Contact ContactFor(const Account& account, const Way& way) {
  policy::Contact contact;
  contact.channel = way.channel;
  contact.point = way.point;
  contact.accounts = {account.id};
  contact.purpose = Purpose::kPaymentReminder;
  contact.automated = true;
  contact.message = MessageOf(way);
  return contact;
}

std::vector<std::shared_ptr<const ZoneTable>> ZonesOf(const Borrower& borrower,
                                                      const World& world) {
  std::set<std::string> names;
  if (!borrower.declared_zone.empty()) {
    names.insert(borrower.declared_zone);
  } else {
    for (const Place& place : borrower.places) {
      for (std::string& zone : world.surroundings.places->ZonesOf(place)) {
        names.insert(std::move(zone));
      }
    }
    for (const ContactPoint& point : borrower.contact_points) {
      names.insert(point.number_zones.begin(), point.number_zones.end());
    }
  }
  std::vector<std::shared_ptr<const ZoneTable>> zones;
  for (const std::string& name : names) {
    if (auto zone = world.surroundings.zones->Find(name)) zones.push_back(std::move(zone));
  }
  return zones;
}

}  // namespace forbear
