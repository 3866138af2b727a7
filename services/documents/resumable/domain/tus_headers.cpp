#include "services/documents/resumable/domain/tus_headers.h"

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kJoinedMax = 64;

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> ParseMetadata(const std::string& header) {
  std::map<std::string, std::string> metadata;
  if (absl::StripAsciiWhitespace(header).empty()) return metadata;
  const auto mistaken = [] {
    return RefuseField("upload_metadata", "must be names with base64 values, commas between them");
  };
  for (absl::string_view pair : absl::StrSplit(header, ',')) {
    pair = absl::StripAsciiWhitespace(pair);
    const std::pair<std::string, std::string> parts = absl::StrSplit(pair, absl::MaxSplits(' ', 1));
    std::string value;
    const bool decoded = absl::Base64Unescape(parts.second, &value);
    if (parts.first.empty() || !decoded || !metadata.emplace(parts.first, value).second) {
      return mistaken();
    }
  }
  return metadata;
}

absl::StatusOr<Concat> ParseConcat(const std::string& header, const std::string& case_id) {
  Concat concat;
  if (header.empty()) return concat;
  concat.partial = header == "partial";
  if (concat.partial) return concat;
  const auto mistaken = [] {
    return RefuseField(
        "upload_concat",
        "must be partial, or final; and up to 64 addresses of the case's uploads, each once");
  };
  absl::string_view rest = header;
  if (!absl::ConsumePrefix(&rest, "final;")) return mistaken();
  const std::string folder = absl::StrCat("/cases/", case_id, "/uploads/");
  for (const absl::string_view address : absl::StrSplit(rest, ' ', absl::SkipEmpty())) {
    const size_t found = address.rfind(folder);
    if (found == absl::string_view::npos) return mistaken();
    const std::string id(address.substr(found + folder.size()));
    const bool is_id = absl::StartsWith(id, "upl_") && id.size() <= 64 &&
                       id.find_first_of("/?# ") == std::string::npos;
    if (!is_id || absl::c_linear_search(concat.final_of, id)) return mistaken();
    concat.final_of.push_back(id);
  }
  if (concat.final_of.empty() || concat.final_of.size() > kJoinedMax) return mistaken();
  return concat;
}

}  // namespace gatehouse::documents
