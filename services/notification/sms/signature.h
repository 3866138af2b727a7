#pragma once

#include <string>

#include "services/common/base/secret.h"
#include "services/notification/sms/domain/form.h"

namespace gatehouse::notification {

// Twilio's signature of a form that was posted to this URL: base64 of HMAC-SHA1, under the
// account's token, of the URL and of each field's name and value, sorted by name.
std::string CallbackSignature(const Secret& token, const std::string& url, Form form);

}  // namespace gatehouse::notification
