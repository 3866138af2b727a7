#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gatehouse::identity {

// Reads the little of CBOR (RFC 8949) that CTAP2 has: items of definite lengths, few levels deep.
// It allocates nothing, and believes no length beyond what is there. What libfido2 is given is
// looked at by it before: libcbor allocates as much as a length says, of which nine bytes ask for
// all memory there is.
class CborReader {
 public:
  explicit CborReader(absl::string_view bytes) : rest_(bytes) {}

  // Each is nothing, or false, where the next item is another one, or broken.
  std::optional<uint64_t> Map();  // How many pairs follow.
  std::optional<absl::string_view> Text();
  std::optional<absl::string_view> Bytes();
  std::optional<int64_t> Integer();
  bool Skip();  // Whatever it is, with all that is in it.

  absl::string_view rest() const { return rest_; }

 private:
  struct Head {
    int kind = 0;
    uint64_t value = 0;
  };
  std::optional<Head> Next();
  std::optional<uint64_t> Next(int kind);
  std::optional<absl::string_view> Take(uint64_t size);
  bool SkipWithin(int levels);

  absl::string_view rest_;
};

}  // namespace gatehouse::identity
