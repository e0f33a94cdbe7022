// The key files of a deployment, as `forbear keys generate` makes them:
//
//   log.key    0600  signs checkpoints; one line, PRIVATE+KEY+<origin>+<id>+<base64>
//   log.vkey   0644  what auditors are given; one line, <origin>+<id>+<base64>
//   index.key  0600  keys the digests by which people are found and linked; 64 hex digits
//   kek/       0700  the keys that wrap the data keys of borrowers (adapters/keys)
//
// A secret file that its group or the world may read is refused (security.md K2): whoever read it
// could sign in our name.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/checkpoint.h"
#include "engine/model/ids.h"

namespace forbear::logexport {

inline constexpr char kLogKeyFile[] = "log.key";
inline constexpr char kVerifierKeyFile[] = "log.vkey";
inline constexpr char kIndexKeyFile[] = "index.key";
inline constexpr char kKekFolder[] = "kek";  // adapters/keys

// Makes the three files in `folder`, which is made when missing, from the system's random numbers.
// kInvalidArgument for a name that may not be an origin; kAlreadyExists when any of the three is
// there (K8): nothing is written then.
absl::StatusOr<audit::VerifierKey> GenerateKeys(const std::string& origin,
                                                const std::string& folder);

// kFailedPrecondition when others may read the file; kInvalidArgument when it is no such key.
absl::StatusOr<audit::SigningKey> ReadSigningKey(const std::string& path);
absl::StatusOr<Bytes32> ReadIndexKey(const std::string& path);

// `key` is the line itself or the name of a file that holds it. kInvalidArgument otherwise.
absl::StatusOr<audit::VerifierKey> ReadVerifierKey(const std::string& key);

}  // namespace forbear::logexport
