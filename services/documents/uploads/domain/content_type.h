#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

constexpr size_t kHead = 16 << 10;  // So many first bytes tell all kinds but containers.

// What the first bytes of a file are, such as `application/pdf`.
class TypeSniffer {
 public:
  virtual ~TypeSniffer() = default;
  virtual absl::StatusOr<std::string> Sniff(const std::string& head) const = 0;
};

// What a file is said to be, by others than its bytes.
struct TypeHints {
  std::string extension;  // As ExtensionOf() has it.
  std::string said;       // A Content-Type, as it came.
};

// Whether a browser or a system would run this, whatever an organisation allows: `text/html`,
// programs, installers, shortcuts.
bool IsDangerousType(const std::string& type);
// Whether a system would run a file by this extension, whatever is in it.
bool IsDangerousExtension(const std::string& extension);

// A type by its usual name: in lower case, without parameters, `image/jpg` as `image/jpeg`.
std::string CanonicalType(const std::string& type);

// Whether the kind stands in a directory that may lie anywhere in the file (ZIP, OLE).
bool IsContainer(const std::string& head);

// What a file is. The bytes decide; `seen` is what libmagic makes of them. Among kinds of text,
// which bytes alone do not tell apart, the extension and then the sender's word decide. `head` is
// the first kHead bytes of the file, or all of them.
std::string TypeOf(const std::string& head, const std::string& seen, const TypeHints& hints);
// The same of a container.
absl::StatusOr<std::string> ContainerTypeOf(const std::string& head, BlobReader& file, int64_t size,
                                            const TypeHints& hints);

// OK if a file of this type and extension is taken. Refuses CONTENT_TYPE_NOT_ALLOWED, with what was
// seen: `contentType`, and `extension` where that is what is dangerous.
absl::Status CheckType(const std::string& type, const std::string& extension,
                       const std::vector<std::string>& allowed);

}  // namespace gatehouse::documents
