// Messages of the contract as JSON, and JSON as messages: the mapping of protobuf's own pages
// (protobuf.dev, ProtoJSON), for the kinds of field that the contract uses.
//
// protobuf's json_util works out its tables again for every text, which costs more than a decision: of
// twenty thousand lines `decide` took ten seconds with it and takes four with this. A test compares the
// two on random messages.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace forbear::cli {

// Reads strictly (RFC 8259): no name twice in an object, also not in both of a field's spellings; no
// comment, nothing after the value, no unknown field. kInvalidArgument tells where it is wrong and never
// what stands there: a request holds a person's data. *message is to be empty; after an error it holds
// part of what was read.
// REQUIRES: IsPlain(*message->GetDescriptor()).
absl::Status FromJson(std::string_view text, google::protobuf::Message* message);

// One line. Fields in the order of their numbers, in lowerCamelCase; what is not set is left out.
// REQUIRES: IsPlain(*message.GetDescriptor()).
std::string ToJson(const google::protobuf::Message& message);

// True when neither the message nor any inside it holds a map, a group or a well-known type other than
// Timestamp.
bool IsPlain(const google::protobuf::Descriptor& message);

}  // namespace forbear::cli
