#pragma once

#include <string>
#include <vector>

#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {

// What a contact is to be told. By what it goes, to which address and whether at all, notification
// decides when it is sent.
struct SignatureNotice {
  std::string action;  // signature-wanted, signature-told
  std::string contact_id;
  std::string words;
};

// What signers are told of a change: who is asked, reminded or asked again, that it is wanted; and
// all who were asked how it ended.
std::vector<SignatureNotice> NoticesOf(const SignatureChange& change);

}  // namespace gatehouse::documents
