#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/notification/domain/texts.h"

namespace gatehouse::notification {

// One version of a template of an organisation.
struct StoredTemplate {
  std::string template_id, kind, title;
  Text text;
  int64_t version = 0;  // 0: the built-in one.
  std::string author_name;
  absl::Time update_time;
  bool deleted = false;
};

// An organisation's templates with their versions, of which the newest holds; all in the
// organisation's name.
class TemplateStore {
 public:
  virtual ~TemplateStore() = default;

  // Those of these ids that there are and that hold.
  virtual absl::StatusOr<std::vector<StoredTemplate>> Find(const std::string& organisation_id,
                                                           const std::vector<std::string>& ids) = 0;
  // By id; of one kind if it is not empty.
  virtual absl::StatusOr<std::vector<StoredTemplate>> List(const std::string& organisation_id,
                                                           const std::string& kind,
                                                           const Page& page) = 0;
  // Newest first. Refuses NOT_FOUND where there was never one.
  virtual absl::StatusOr<std::vector<StoredTemplate>> ListVersions(
      const std::string& organisation_id, const std::string& template_id, const Page& page) = 0;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<StoredTemplate> FindVersion(const std::string& organisation_id,
                                                     const std::string& template_id,
                                                     int64_t version) = 0;

  // Shows `decide` the newest version, be it a deleted one, or nothing where there is none, and
  // keeps what it makes of it as the next version by whoever calls; nothing where it makes nothing.
  // What it gives is what holds now. Changes of one template come one after the other, and each is
  // told to the audit trail. Refuses TEMPLATE_LIMIT_REACHED, and what `decide` refuses.
  using Decide = std::function<absl::StatusOr<std::optional<StoredTemplate>>(
      const std::optional<StoredTemplate>& newest)>;
  virtual absl::StatusOr<StoredTemplate> Change(const std::string& template_id, const Call& call,
                                                const Decide& decide) = 0;
};

}  // namespace gatehouse::notification
