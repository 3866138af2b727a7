#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::documents {

// What `Upload-Metadata` says (tus 1.0, creation): names, each with a value in base64 behind a
// space or without one, commas between. Refuses INVALID_REQUEST for what is no such text, or names
// one twice.
absl::StatusOr<std::map<std::string, std::string>> ParseMetadata(const std::string& header);

// What `Upload-Concat` says (tus 1.0, concatenation).
struct Concat {
  bool partial = false;
  std::vector<std::string> final_of;  // The ids of the uploads to be joined; empty: none is.
};
// The addresses end in the ids, below `/cases/{case_id}/uploads/`: 64 at most, each once. Refuses
// INVALID_REQUEST for anything else.
absl::StatusOr<Concat> ParseConcat(const std::string& header, const std::string& case_id);

}  // namespace gatehouse::documents
