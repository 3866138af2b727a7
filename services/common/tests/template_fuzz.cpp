#include <cstdlib>
#include <string>

#include "services/common/text/template.h"

// Whatever the text, expanding knows exactly the tags that TagsOf() names.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto tags = gatehouse::TagsOf(text);
  std::map<std::string, std::string> values;
  if (tags.ok()) {
    for (const std::string& tag : *tags) values[tag] = "{{x}}";
  }
  if (gatehouse::Expand(text, values).ok() != tags.ok()) std::abort();
  return 0;
}
