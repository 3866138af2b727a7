#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/page.h"
#include "services/notification/preferences/domain/directories.h"
#include "services/notification/templates/domain/template_store.h"

namespace gatehouse::notification {

inline constexpr int kConversationMax = 2000;  // Messages of a case.
inline constexpr int kRepliesMax = 60;         // Of a client, about a case, within an hour.

struct MessageRecipient {
  std::string contact_id;
  std::string subject;  // Of the mail that tells it.
  std::string text;
};

struct MessageRead {
  std::string contact_id;  // Empty: staff.
  std::string reader_id, reader_name;
  absl::Time time;
};

// A message of a case's conversation.
struct ConversationMessage {
  std::string message_id, case_id;
  std::string contact_id;  // Who wrote it; empty: staff.
  std::string author_id, author_name;
  std::string text;  // A client's; of staff that of the first recipient.
  absl::Time create_time;
  std::vector<MessageRecipient> recipients;
  std::vector<MessageRead> reads;
};

// Who reads, and of which messages: all of a case, or what concerns one contact.
struct Reader {
  std::string case_id;
  std::string contact_id;  // Empty: staff.
  std::string reader_id, reader_name;
};

class ConversationStore {
 public:
  virtual ~ConversationStore() = default;

  // Keeps it, under the id that it has; its time as kept. Refuses CONVERSATION_FULL, and a client's
  // TOO_MANY_MESSAGES.
  virtual absl::StatusOr<absl::Time> Add(const std::string& organisation_id,
                                         const ConversationMessage& message) = 0;
  // Newest first, with their recipients and reads: those that the reader may see.
  virtual absl::StatusOr<std::vector<ConversationMessage>> List(const std::string& organisation_id,
                                                                const Reader& reader,
                                                                const Page& page) = 0;
  // Notes that those up to `message_id` which others wrote and the reader may see were read.
  // Refuses NOT_FOUND where it may not see that one.
  virtual absl::Status MarkRead(const std::string& organisation_id, const Reader& reader,
                                const std::string& message_id) = 0;
};

// To whom a message goes: those that are named, or all who were invited. Refuses NOT_FOUND for who
// is not on the case, and CONTACT_NOT_INVITED.
absl::StatusOr<std::vector<CaseContact>> Recipients(const MirroredCase& mirrored,
                                                    const std::vector<std::string>& contact_ids);

// What each reads: the text, made of `own` or the template, with its own name in it. A name is
// text, whatever it looks like. Refuses UNKNOWN_TAG, TEMPLATE_MALFORMED and INVALID_REQUEST.
absl::StatusOr<std::vector<MessageRecipient>> TextsFor(
    const std::vector<CaseContact>& contacts, const Text& own, const StoredTemplate& chosen,
    const std::map<std::string, std::string>& values);

}  // namespace gatehouse::notification
