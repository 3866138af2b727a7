#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/gateway/openapi/openapi.h"
#include "tests/support/places.h"

// What tests need that hold the protos against the code and the documentation.
namespace gatehouse::gateway {

// The protos with their comments, which the program's own descriptors lack.
struct Protos {
  google::protobuf::DescriptorPool pool;
  std::vector<const google::protobuf::FileDescriptor*> files;  // Gatehouse's own.

  Protos() {
    google::protobuf::FileDescriptorSet set;
    set.ParseFromString(ProtoImage());
    for (const auto& file : set.file()) {
      const auto* built = pool.BuildFile(file);
      if (absl::StartsWith(file.name(), "gatehouse/")) files.push_back(built);
    }
  }
};

// In one line; empty where there is none.
template <typename Element>
std::string CommentOf(const Element& element) {
  google::protobuf::SourceLocation location;
  if (!element.GetSourceLocation(&location)) return "";
  std::vector<std::string> lines = absl::StrSplit(location.leading_comments, '\n');
  for (std::string& line : lines) line = std::string(absl::StripAsciiWhitespace(line));
  return std::string(absl::StripAsciiWhitespace(absl::StrJoin(lines, " ")));
}

// "identity" of gatehouse.identity.v1
inline std::string ServiceOf(const google::protobuf::FileDescriptor& file) {
  return std::vector<std::string>(absl::StrSplit(file.package(), '.'))[1];
}

inline const std::filesystem::path kSource = InSource("");

inline std::string Contents(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The page of docs/ as it is kept, once it is written anew where GATEHOUSE_WRITE_DOCS asks for
// that.
inline std::string PageAsKept(const std::string& name, const std::string& page) {
  const std::filesystem::path path = kSource / "docs" / name;
  if (std::getenv("GATEHOUSE_WRITE_DOCS") != nullptr) std::ofstream(path) << page;
  return Contents(path);
}

}  // namespace gatehouse::gateway
