#pragma once

#include "gatehouse/notification/v1/templates.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"
#include "services/notification/templates/domain/templates.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/templates.proto.
class TemplatesHandler {
 public:
  using Rules = Settings<v1::TemplateSettings>;
  TemplatesHandler(Templates& templates, TemplateStore& store, const Rules& settings, Once& once)
      : templates_(templates), store_(store), settings_(settings), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListTemplateKindsResponse> ListTemplateKinds(
      const Call& call, const v1::ListTemplateKindsRequest& request);
  absl::StatusOr<v1::ListTemplatesResponse> ListTemplates(const Call& call,
                                                          const v1::ListTemplatesRequest& request);
  absl::StatusOr<v1::Template> GetTemplate(const Call& call, const v1::GetTemplateRequest& request);
  absl::StatusOr<v1::Template> CreateTemplate(const Call& call,
                                              const v1::CreateTemplateRequest& request);
  absl::StatusOr<v1::Template> UpdateTemplate(const Call& call,
                                              const v1::UpdateTemplateRequest& request);
  absl::StatusOr<v1::DeleteTemplateResponse> DeleteTemplate(
      const Call& call, const v1::DeleteTemplateRequest& request);
  absl::StatusOr<v1::ListTemplateVersionsResponse> ListTemplateVersions(
      const Call& call, const v1::ListTemplateVersionsRequest& request);
  absl::StatusOr<v1::Template> RestoreTemplate(const Call& call,
                                               const v1::RestoreTemplateRequest& request);
  absl::StatusOr<v1::PreviewTemplateResponse> PreviewTemplate(
      const Call& call, const v1::PreviewTemplateRequest& request);
  absl::StatusOr<v1::TemplateSettings> GetTemplateSettings(
      const Call& call, const v1::GetTemplateSettingsRequest& request);
  absl::StatusOr<v1::TemplateSettings> UpdateTemplateSettings(
      const Call& call, const v1::UpdateTemplateSettingsRequest& request);

 private:
  absl::StatusOr<Templates::Fixed> FixedFor(const Call& call) const;

  Templates& templates_;
  TemplateStore& store_;
  const Rules& settings_;
  Once& once_;
};

}  // namespace gatehouse::notification
