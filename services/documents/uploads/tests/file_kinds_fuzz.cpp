// What tells a file's kind reads what strangers made: it must end, and answer one of its types.

#include <cstdint>
#include <cstdlib>

#include "services/common/text/file_name.h"
#include "services/documents/uploads/domain/content_type.h"
#include "services/documents/uploads/domain/ole_file.h"
#include "services/documents/uploads/domain/zip_file.h"

namespace gatehouse::documents {
namespace {

class Bytes : public BlobReader {
 public:
  explicit Bytes(const std::string& bytes) : bytes_(bytes) {}
  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    if (offset < 0) std::abort();
    bytes = bytes_.substr(std::min<uint64_t>(offset, bytes_.size()), size);
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Size() override { return static_cast<int64_t>(bytes_.size()); }

 private:
  const std::string& bytes_;
};

}  // namespace
}  // namespace gatehouse::documents

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::documents;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Bytes file(bytes);
  for (const char* extension : {"", "docx", "ods"}) {
    if (!OleType(file, extension).ok()) std::abort();
    if (!ZipType(file, static_cast<int64_t>(size), extension).ok()) std::abort();
  }
  for (const char* extension : {"", "csv", "eml", "json"}) {
    if (TypeOf(bytes, "text/plain", {extension, bytes.substr(0, 40)}).empty()) std::abort();
  }
  const std::string name = SafeFileName(bytes);
  if (name.size() > kFileNameBytesMax || SafeFileName(name) != name) std::abort();
  return 0;
}
