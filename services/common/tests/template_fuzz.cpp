#include <cstdlib>
#include <string>

#include "services/common/text/template.h"

// Whatever the text: what parses can be filled, with exactly the names that it says it has, and
// those that it always has stand in it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gatehouse::Template;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = Template::Parse(text);
  std::map<std::string, std::string> values;
  if (!parsed.ok()) return 0;
  for (const std::string& name : parsed->Names()) values[name] = "{{x}}";
  for (const std::string& name : parsed->Always()) values[name] = "(" + name + ")";
  const auto filled = parsed->Render(values);
  if (!filled.ok() && filled.status().message() != "the text is too long") std::abort();
  if (!filled.ok()) return 0;
  for (const std::string& name : parsed->Always()) {
    if (filled->find("(" + name + ")") == std::string::npos) std::abort();
  }
  return 0;
}
