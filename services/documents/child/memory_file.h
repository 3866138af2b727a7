#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace gatehouse::documents {

// A file in memory, which only we and a child have.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  int descriptor() const { return descriptor_; }

  bool Write(absl::string_view bytes) const;
  // From its beginning.
  std::string ReadAll() const;

 private:
  const int descriptor_;
};

}  // namespace gatehouse::documents
