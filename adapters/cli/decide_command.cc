#include "adapters/cli/decide_command.h"

#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "adapters/cli/exit_codes.h"
#include "adapters/cli/proto_json.h"
#include "adapters/grpc/services.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

absl::Status Answer(const DecideWorld& world, const v1::EvaluateRequest& request,
                    v1::EvaluateResponse* response) {
  FORBEAR_RETURN_IF_ERROR(CheckFactsCome(request));
  return grpc_adapter::EvaluateFacts(request, world.surroundings, *world.phones, std::nullopt,
                                     response);
}

// Errors hold messages of any kind, which only the library writes.
std::string ErrorJson(const google::protobuf::Message& error) {
  std::string json;
  FORBEAR_CHECK(google::protobuf::util::MessageToJsonString(error, &json).ok());
  return json;
}

enum class Frame { kMessage, kEnd, kBroken };

// A varint and as many bytes.
Frame ReadFrame(std::istream& in, std::string* bytes) {
  uint64_t size = 0;
  for (int shift = 0;; shift += 7) {
    const int byte = in.get();
    if (byte == std::istream::traits_type::eof()) {
      return shift == 0 ? Frame::kEnd : Frame::kBroken;
    }
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
    if (shift >= 28) return Frame::kBroken;  // five bytes say 2^35, far beyond the limit
  }
  if (size > kMostRequestBytes) return Frame::kBroken;
  bytes->resize(size);
  in.read(bytes->data(), static_cast<std::streamsize>(size));
  return static_cast<uint64_t>(in.gcount()) == size ? Frame::kMessage : Frame::kBroken;
}

void WriteFrame(const std::string& bytes, std::ostream& out) {
  uint64_t size = bytes.size();
  while (size >= 0x80) {
    out.put(static_cast<char>((size & 0x7f) | 0x80));
    size >>= 7;
  }
  out.put(static_cast<char>(size));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

int RunDecide(const std::string& policies, bool without_house, bool binary, std::istream& in,
              std::ostream& out, std::ostream& err) {
  const auto zones = LoadZones();
  if (!zones.ok()) {
    err << "forbear: " << zones.status().message() << '\n';
    return kWrongUse;
  }
  const auto loaded = yaml::LoadPolicies(policies, !without_house);
  if (!loaded.ok()) {
    err << "forbear: " << loaded.status().message() << '\n';
    return kWrongUse;
  }
  const Phones phones(loaded->phone_prefixes);
  const DecideWorld world{{loaded->bundle, *zones, loaded->places}, &phones};
  const bool good = binary ? DecideBinary(world, in, out, err) : DecideLines(world, in, out);
  out.flush();
  if (!out) {
    err << "forbear: decide: output cannot be written; check the disk or the pipe\n";
    return kFailed;
  }
  return good ? kOk : kFailed;
}

}  // namespace

bool DecideLines(const DecideWorld& world, std::istream& in, std::ostream& out) {
  bool all_good = true;
  EvaluateLines lines(in);
  v1::EvaluateRequest request;
  for (absl::Status how; lines.Next(&request, &how);) {
    v1::EvaluateResponse response;
    if (how.ok()) how = Answer(world, request, &response);
    if (how.ok()) {
      out << ToJson(response) << '\n';
    } else {
      all_good = false;
      out << R"({"line":)" << lines.number() << R"(,"error":)"
          << ErrorJson(grpc_adapter::ToRpcStatus(how)) << "}\n";
    }
  }
  return all_good;
}

bool DecideBinary(const DecideWorld& world, std::istream& in, std::ostream& out,
                  std::ostream& err) {
  bool all_good = true;
  std::string bytes;
  for (uint64_t number = 1;; ++number) {
    switch (ReadFrame(in, &bytes)) {
      case Frame::kEnd:
        return all_good;
      case Frame::kBroken:
        err << "forbear: message " << number
            << ": its frame is broken or larger than 1 MiB; send a varint and as many bytes\n";
        return false;
      case Frame::kMessage:
        break;
    }
    v1::EvaluateRequest request;
    v1::EvaluateResponse response;
    const absl::Status how = request.ParseFromString(bytes)
                                 ? Answer(world, request, &response)
                                 : InvalidArgument("cannot be read as an EvaluateRequest");
    if (!how.ok()) {
      all_good = false;
      response.Clear();
      err << "forbear: message " << number << ": " << how.message() << '\n';
    }
    WriteFrame(response.SerializeAsString(), out);
  }
}

void AddDecideCommand(CLI::App& app, int* exit_code) {
  struct Options {
    std::string policies;
    bool binary = false;
    bool without_house = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "decide",
      "Answers questions from stdin: one JSON EvaluateRequest a line, with its facts and "
      "its instant; one JSON EvaluateResponse a line on stdout.");
  command->add_option("--policies", options->policies, "the folder of packs")
      ->required()
      ->envname("FORBEAR_POLICIES");
  command->add_flag("--binary", options->binary, "length-delimited protobuf instead of JSON");
  command->add_flag("--without-house", options->without_house,
                    "law alone, without the house rules that `serve` adds");
  command->callback([options, exit_code] {
    std::ios::sync_with_stdio(false);
    *exit_code = RunDecide(options->policies, options->without_house, options->binary, std::cin,
                           std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
