// What looks at a drawn signature reads what strangers made: it must end, and refuse by name.
#include <cstdint>
#include <cstdlib>

#include "services/common/base/status.h"
#include "services/documents/signing/domain/signature_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gatehouse;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const absl::Status checked = documents::CheckAutograph({"", bytes});
  if (!checked.ok() && ReasonOf(checked).empty()) std::abort();
  return 0;
}
