#include "services/common/jobs/erasing.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/base/crypto.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse {
namespace {

using common::v1::Subject;

constexpr int kPage = 500;
// So many digits at the end of a number are the same however it is written, with a country's code
// or without.
constexpr size_t kOwnDigits = 8;

constexpr char kJobs[] =
    "SELECT number, lane, kind, id, payload FROM job WHERE organisation_id = $1 AND number > $2 "
    "ORDER BY number LIMIT $3";
constexpr char kAnswers[] =
    "SELECT caller, request_id, response FROM once WHERE organisation_id = $1 "
    "AND (caller, request_id) > ($2, $3) ORDER BY caller, request_id LIMIT $4";

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// The text itself, as a part of a regular expression.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !absl::ascii_isalnum(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// As a word of its own; scripts that put no blanks between words have none.
std::string AsWord(const std::string& text) {
  if (!IsAscii(text)) return Escaped(text);
  return absl::StrCat("(?<![[:alnum:]])", Escaped(text), "(?![[:alnum:]])");
}

// The number's last digits, with whatever people put between them; empty where it is too short.
std::string AsDigits(const std::string& number) {
  std::string digits;
  for (const char c : number) {
    if (absl::ascii_isdigit(c)) digits += c;
  }
  if (digits.size() < kOwnDigits) return "";
  std::string pattern;
  for (const char c : digits.substr(digits.size() - kOwnDigits)) {
    absl::StrAppend(&pattern, pattern.empty() ? "" : "[^[:alnum:]]{0,3}", std::string(1, c));
  }
  return pattern;
}

// Whether a field of the message is this text: its length stands before it.
bool HasField(const std::string& message, const std::string& text) {
  if (text.empty()) return false;
  if (text.size() > 127) return absl::StrContains(message, text);
  return absl::StrContains(message, static_cast<char>(text.size()) + text);
}

template <typename Texts>
bool HasAnyField(const std::string& message, const Texts& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return HasField(message, text); });
}

template <typename Texts>
bool Contains(const std::string& message, const Texts& texts) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return !text.empty() && absl::StrContains(message, text);
  });
}

bool TellsTheTrail(const std::string& kind) {
  return absl::StartsWith(kind, "gatehouse.identity.v1.AuditIntake/");
}

// As Once has it.
std::string ContextOf(const std::string& organisation_id, const std::string& caller,
                      const std::string& request_id) {
  return absl::StrCat(organisation_id, "\n", caller, "\n", request_id);
}

template <typename List>
auto& Of(common::v1::PersonalData kind, List& list) {
  for (auto& found : list) {
    if (found.kind() == kind) return found;
  }
  auto& added = *list.Add();
  added.set_kind(kind);
  return added;
}

}  // namespace

std::vector<std::string> CaseIdsAsNamed(const Subject& subject) {
  std::vector<std::string> case_ids;
  for (const std::string& id : subject.case_ids()) {
    case_ids.push_back(absl::StartsWith(id, "~") ? id.substr(id.find('~', 1) + 1) : id);
  }
  return case_ids;
}

std::string NamingPattern(const Subject& subject) {
  std::vector<std::string> parts;
  for (const auto* words : {&subject.names(), &subject.name_parts(), &subject.emails()}) {
    for (const std::string& word : *words) {
      if (!word.empty()) parts.push_back(AsWord(word));
    }
  }
  for (const std::string& number : subject.mobiles()) {
    if (std::string digits = AsDigits(number); !digits.empty()) parts.push_back(std::move(digits));
  }
  return absl::StrJoin(parts, "|");
}

bool Mentions(const std::string& message, const Subject& subject) {
  if (HasAnyField(message, subject.emails()) || HasAnyField(message, subject.mobiles())) {
    return true;
  }
  if (!HasField(message, subject.contact_id()) && !HasAnyField(message, subject.case_ids())) {
    return false;
  }
  return Contains(message, subject.names()) || Contains(message, subject.emails()) ||
         Contains(message, subject.mobiles());
}

void AddErased(common::v1::PersonalData kind, int64_t count,
               common::v1::EraseContactResponse& receipt) {
  if (count <= 0) return;
  auto& erased = Of(kind, *receipt.mutable_erased());
  erased.set_count(erased.count() + count);
}

void AddKept(common::v1::PersonalData kind, int64_t count, common::v1::LegalGround ground,
             common::v1::EraseContactResponse& receipt) {
  if (count <= 0) return;
  auto& kept = Of(kind, *receipt.mutable_kept());
  kept.set_count(kept.count() + count);
  kept.set_ground(ground);
}

bool SealedTraces::IsAbout(const std::string& job_id, const std::string& sealed,
                           const Subject& subject) const {
  for (const Secret& key : options_.job_keys) {
    if (const auto opened = Open(key, job_id, sealed); opened.ok()) {
      return Mentions(*opened, subject);
    }
  }
  return false;
}

int64_t SealedTraces::EraseJobs(Transaction& tx, const std::string& organisation_id,
                                const Subject& subject) const {
  std::vector<int64_t> found;
  int64_t after = 0;
  for (int rows = kPage; rows == kPage;) {
    const auto page = tx.Exec(kJobs, organisation_id, after, kPage);
    rows = static_cast<int>(page.size());
    for (const auto& row : page) {
      after = row["number"].as<int64_t>();
      if (options_.spared_lanes.count(row["lane"].c_str()) != 0) continue;
      if (TellsTheTrail(row["kind"].c_str())) continue;
      if (IsAbout(row["id"].c_str(), BytesFromSql(row["payload"]), subject)) found.push_back(after);
    }
  }
  if (found.empty()) return 0;
  return static_cast<int64_t>(
      tx.Exec("DELETE FROM job WHERE organisation_id = $1 AND number = ANY ($2::bigint[])",
              organisation_id, SqlArray(found))
          .affected_rows());
}

int64_t SealedTraces::EraseAnswers(Transaction& tx, const std::string& organisation_id,
                                   const Subject& subject) const {
  const std::string own_end = "/" + subject.contact_id();
  std::vector<std::string> callers, request_ids;
  std::string caller, request_id;
  for (int rows = kPage; rows == kPage;) {
    const auto page = tx.Exec(kAnswers, organisation_id, caller, request_id, kPage);
    rows = static_cast<int>(page.size());
    for (const auto& row : page) {
      caller = row["caller"].c_str();
      request_id = row["request_id"].c_str();
      const bool own = absl::StartsWith(caller, "client/") && absl::EndsWith(caller, own_end);
      const auto answer = Open(options_.once_key, ContextOf(organisation_id, caller, request_id),
                               BytesFromSql(row["response"]));
      if (!own && !(answer.ok() && Mentions(*answer, subject))) continue;
      callers.push_back(caller);
      request_ids.push_back(request_id);
    }
  }
  if (callers.empty()) return 0;
  return static_cast<int64_t>(
      tx.Exec("DELETE FROM once WHERE organisation_id = $1 AND (caller, request_id) IN "
              "(SELECT * FROM unnest($2::text[], $3::text[]))",
              organisation_id, SqlArray(callers), SqlArray(request_ids))
          .affected_rows());
}

void SealedTraces::Erase(Transaction& tx, const std::string& organisation_id,
                         const Subject& subject, common::v1::EraseContactResponse& receipt) const {
  AddErased(common::v1::WAITING_JOB, EraseJobs(tx, organisation_id, subject), receipt);
  AddErased(common::v1::FIRST_ANSWER, EraseAnswers(tx, organisation_id, subject), receipt);
}

}  // namespace gatehouse
