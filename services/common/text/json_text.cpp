#include "services/common/text/json_text.h"

namespace gatehouse {

void AppendJsonString(absl::string_view text, std::string& json) {
  static const char kHex[] = "0123456789abcdef";
  json += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // `<` is escaped too, so that JSON in a page cannot end a script.
    if (c >= 0x20 && c != '"' && c != '\\' && c != '<') continue;
    json.append(text.data() + plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      json += '\\';
      json += static_cast<char>(c);
    } else if (c == '\n') {
      json += "\\n";
    } else {
      json += "\\u00";
      json += kHex[c >> 4];
      json += kHex[c & 15];
    }
  }
  json.append(text.data() + plain, text.size() - plain);
  json += '"';
}

}  // namespace gatehouse
