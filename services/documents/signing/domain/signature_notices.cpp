#include "services/documents/signing/domain/signature_notices.h"

#include "absl/strings/str_cat.h"
#include "services/common/text/characters.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kWordsMax = 900;  // Characters; a message's value may have 1,000.

// A title is one line, so that nobody writes what looks like ours around it.
std::string TitleOf(const SignatureRequest& request) { return OneLine(request.title); }

std::string WantedText(const SignatureRequest& request, const Signer& signer) {
  std::string words = absl::StrCat("- ", TitleOf(request), "\n");
  if (!signer.return_reason.empty()) {
    absl::StrAppend(&words, "  What you handed in does not do: ", OneLine(signer.return_reason),
                    "\n");
  }
  if (!request.message.empty()) absl::StrAppend(&words, "\n", request.message, "\n");
  return Cut(words, kWordsMax);
}

// What is said of an end; empty where `type` is none.
std::string EndText(const SignatureRequest& request, const SignatureEvent& event) {
  const std::string title = TitleOf(request), reason = OneLine(request.end_reason);
  std::string words;
  if (event.type == "completed") words = absl::StrCat(title, " has been signed by all.");
  if (event.type == "declined") {
    words = absl::StrCat(OneLine(event.actor_name), " will not sign ", title, ": ", reason);
  }
  if (event.type == "voided") {
    words = absl::StrCat(title, " need not be signed any more: ", reason);
  }
  if (event.type == "expired") {
    words = absl::StrCat(title, " was not signed by all in time, and cannot be signed any more.");
  }
  return Cut(words, kWordsMax);
}

}  // namespace

std::vector<SignatureNotice> NoticesOf(const SignatureChange& change) {
  std::vector<SignatureNotice> notices;
  for (const SignatureEvent& event : change.events) {
    const std::string end = EndText(change.request, event);
    const bool wanted =
        event.type == "asked" || event.type == "reminded" || event.type == "returned";
    for (const Signer& signer : change.request.signers) {
      if (wanted && signer.contact_id == event.contact_id) {
        notices.push_back(
            {"signature-wanted", signer.contact_id, WantedText(change.request, signer)});
      } else if (!end.empty() && signer.state != SignerState::kWaiting) {
        notices.push_back({"signature-told", signer.contact_id, end});
      }
    }
  }
  return notices;
}

}  // namespace gatehouse::documents
