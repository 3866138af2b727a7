#pragma once

#include <string>
#include <vector>

namespace gatehouse {

// The one of the languages that are spoken (names of BCP 47, one at least) to speak to somebody
// whose browser says so: by the order of the reader's wishes, each as RFC 4647 looks it up (section
// 3.4: `de-AT` finds `de`), else by its first word (`en` finds `en-AU`). The first where nothing
// fits, or what was sent is no Accept-Language (RFC 9110, 12.5.4); of that, what comes first is
// looked at.
std::string ChooseLanguage(const std::string& accept_language,
                           const std::vector<std::string>& spoken);

}  // namespace gatehouse
