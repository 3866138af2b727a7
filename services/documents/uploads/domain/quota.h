#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace gatehouse::documents {

// How many documents there are, and how many bytes they have together; those that were deleted,
// until their bytes are collected.
struct Usage {
  int64_t documents = 0, bytes = 0;
};

// Of whom: the organisation, one of its cases, and what one contact of that case handed in.
struct Usages {
  Usage organisation, of_case, contact;
};

// How much of each there may be. A client's upload counts for all three, one of staff for the case
// and the organisation.
struct Quotas {
  Usage organisation, of_case, contact;
};

// OK if what is used, with what is to be added, is within the quotas. Refuses, the narrowest first,
// CONTACT_QUOTA_REACHED, CASE_QUOTA_REACHED and ORGANISATION_QUOTA_REACHED, with `limit` (documents
// or bytes) and `max`.
absl::Status CheckQuotas(const Usages& used, const Quotas& quotas);

Usage Sum(const Usage& a, const Usage& b);
Usages Sum(const Usages& a, const Usages& b);

// What is used once so much more is there.
Usages With(Usages used, const Usage& more, bool from_client);

}  // namespace gatehouse::documents
