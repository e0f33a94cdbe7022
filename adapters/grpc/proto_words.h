// The enums of the contract and the words of the model, one to one.
//
//   ToProto(Channel::kInApp) == v1::CHANNEL_IN_APP
//   FromProto(v1::CHANNEL_IN_APP) == Channel::kInApp;  FromProto(v1::CHANNEL_UNSPECIFIED) == nullopt
//
// A proto enum has the name of the model's, and the name of a value is the enum's in capitals, an
// underscore and the word in capitals. The tables are made from the descriptors when they are first
// used; a word without a value ends the program, so the two cannot drift apart unseen.
#pragma once

#include <google/protobuf/descriptor.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/model/words.h"
#include "engine/orchestrator/command.h"
#include "engine/policy/decision.h"
#include "engine/ports/store.h"
#include "forbear/v1/types.pb.h"
#include "forbear/v1/words.pb.h"

namespace forbear::grpc_adapter {

namespace v1 = ::forbear::v1;

// For an enum of the model: the contract's enum of that name.
template <typename E>
struct ProtoOf;
#define FORBEAR_PROTO_ENUMS(X)                                                                  \
  X(Channel) X(Purpose) X(Relation) X(DoneBy) X(Role) X(Product) X(Outcome) X(Dialling) X(Voice) \
  X(CallerId) X(PointKind) X(Line) X(TiedTo) X(PointSource) X(Via) X(NoticeKind) X(Covers)      \
  X(ConsentForm) X(MessageForm) X(OptOutOffer) X(Wording) X(Whereabouts) X(Stage) X(Basis)      \
  X(RepeatReason) X(EventName) X(Answer) X(Effect) X(RuleKind) X(Reason) X(ChangeMade)          \
  X(AttemptState) X(CallerRole) X(AccountKind) X(HeldAs) X(FirmKind)
#define FORBEAR_PROTO_OF_(Name)  \
  template <>                    \
  struct ProtoOf<Name> {         \
    using Type = v1::Name;       \
  };
FORBEAR_PROTO_ENUMS(FORBEAR_PROTO_OF_)
#undef FORBEAR_PROTO_OF_

template <typename E>
using ProtoEnum = typename ProtoOf<E>::Type;

// Fills numbers[i] with the number of the value that stands for words[i], and returns how many
// values the descriptor has beside `_UNSPECIFIED`. Ends the program when a word has no value.
int FindNumbers(const google::protobuf::EnumDescriptor& descriptor,
                std::span<const std::string_view> words, int* numbers);

template <typename E>
struct ProtoTable {
  static constexpr size_t kCount = Words<E>::kSpelling.size();
  std::array<int, kCount> number{};           // by the model's enumerator
  std::array<int16_t, 256> enumerator{};      // by the contract's number; -1: there is none

  static const ProtoTable& Get() {
    static const ProtoTable table = [] {
      ProtoTable made;
      FindNumbers(*google::protobuf::GetEnumDescriptor<ProtoEnum<E>>(), AllWords<E>(),
                  made.number.data());
      made.enumerator.fill(-1);
      for (size_t i = 0; i < kCount; ++i) {
        made.enumerator[static_cast<size_t>(made.number[i])] = static_cast<int16_t>(i);
      }
      return made;
    }();
    return table;
  }
};

template <typename E>
ProtoEnum<E> ToProto(E value) {
  return static_cast<ProtoEnum<E>>(ProtoTable<E>::Get().number[static_cast<size_t>(value)]);
}

// nullopt for `_UNSPECIFIED` and for a number that is not in the contract.
template <typename E>
std::optional<E> FromProto(ProtoEnum<E> value) {
  const int number = static_cast<int>(value);
  if (number < 0 || number > 255) return std::nullopt;
  const int16_t enumerator = ProtoTable<E>::Get().enumerator[static_cast<size_t>(number)];
  if (enumerator < 0) return std::nullopt;
  return static_cast<E>(enumerator);
}

}  // namespace forbear::grpc_adapter
