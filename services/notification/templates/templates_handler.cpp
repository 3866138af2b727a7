#include "services/notification/templates/templates_handler.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/settings/fields.h"
#include "services/notification/domain/segments.h"
#include "services/notification/templates/domain/render.h"

namespace gatehouse::notification {
namespace {

v1::Template ToProto(const StoredTemplate& stored) {
  v1::Template proto;
  proto.set_template_id(stored.template_id);
  proto.set_kind(stored.kind);
  proto.set_language(LanguageOf(stored.template_id));
  proto.set_title(stored.title);
  proto.set_subject(stored.text.subject);
  proto.set_body(stored.text.body);
  proto.set_html(stored.text.html);
  proto.set_version(stored.version);
  proto.set_author_name(stored.author_name);
  if (stored.version > 0) *proto.mutable_update_time() = gatehouse::ToProto(stored.update_time);
  proto.set_etag(absl::StrCat(stored.version));
  proto.set_deleted(stored.deleted);
  return proto;
}

v1::TemplateKind ToProto(const Kind& kind, const Templates::Fixed& fixed) {
  v1::TemplateKind proto;
  proto.set_kind(kind.name);
  proto.set_title(kind.title);
  proto.set_channel(static_cast<v1::Channel>(kind.channel));
  for (const Tag& tag : kind.tags) {
    v1::TemplateTag& shown = *proto.add_tags();
    shown.set_name(tag.name);
    shown.set_alias(tag.alias);
    shown.set_required(tag.required);
    shown.set_sample(tag.sample);
  }
  proto.set_fixed(kind.fixed || fixed.count(kind.name) != 0);
  proto.set_title_fixed(kind.title_fixed);
  return proto;
}

absl::Status UnknownKind() {
  return Refuse(v1::UNKNOWN_TEMPLATE, "there is no such kind of message: list them");
}

StoredTemplate Edited(StoredTemplate now, const v1::TemplateChange& change, const Paths& named) {
  v1::TemplateChange content;
  content.set_title(now.title);
  content.set_subject(now.text.subject);
  content.set_body(now.text.body);
  content.set_html(now.text.html);
  CopyLeaves(change, named, content);
  now.title = content.title();
  now.text = {content.subject(), content.body(), content.html()};
  return now;
}

}  // namespace

void TemplatesHandler::Register(Server& server) {
  using Self = TemplatesHandler;
  server.Service("gatehouse.notification.v1.Templates")
      .Unary("ListTemplateKinds", *this, &Self::ListTemplateKinds)
      .Unary("ListTemplates", *this, &Self::ListTemplates)
      .Unary("GetTemplate", *this, &Self::GetTemplate)
      .Unary("CreateTemplate", *this, &Self::CreateTemplate)
      .Unary("UpdateTemplate", *this, &Self::UpdateTemplate)
      .Unary("DeleteTemplate", *this, &Self::DeleteTemplate)
      .Unary("ListTemplateVersions", *this, &Self::ListTemplateVersions)
      .Unary("RestoreTemplate", *this, &Self::RestoreTemplate)
      .Unary("PreviewTemplate", *this, &Self::PreviewTemplate)
      .Unary("GetTemplateSettings", *this, &Self::GetTemplateSettings)
      .Unary("UpdateTemplateSettings", *this, &Self::UpdateTemplateSettings);
}

absl::StatusOr<Templates::Fixed> TemplatesHandler::FixedFor(const Call& call) const {
  ASSIGN_OR_RETURN(const v1::TemplateSettings rules,
                   settings_.Get(call.caller.organisation_id, call.caller.region));
  return Templates::Fixed(rules.fixed_kinds().begin(), rules.fixed_kinds().end());
}

absl::StatusOr<v1::ListTemplateKindsResponse> TemplatesHandler::ListTemplateKinds(
    const Call& call, const v1::ListTemplateKindsRequest&) {
  ASSIGN_OR_RETURN(const Templates::Fixed fixed, FixedFor(call));
  v1::ListTemplateKindsResponse response;
  for (const Kind& kind : Kinds()) *response.add_kinds() = ToProto(kind, fixed);
  return response;
}

absl::StatusOr<v1::ListTemplatesResponse> TemplatesHandler::ListTemplates(
    const Call& call, const v1::ListTemplatesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<StoredTemplate> found,
                   store_.List(call.caller.organisation_id, request.kind(), page));
  v1::ListTemplatesResponse response;
  response.set_next_page_token(
      CutPage(found, page, [](const StoredTemplate& one) { return one.template_id; }));
  for (const StoredTemplate& one : found) *response.add_templates() = ToProto(one);
  return response;
}

absl::StatusOr<v1::Template> TemplatesHandler::GetTemplate(const Call& call,
                                                           const v1::GetTemplateRequest& request) {
  ASSIGN_OR_RETURN(const StoredTemplate found,
                   templates_.Get(call.caller.organisation_id, request.template_id()));
  return ToProto(found);
}

absl::StatusOr<v1::Template> TemplatesHandler::CreateTemplate(
    const Call& call, const v1::CreateTemplateRequest& request) {
  ASSIGN_OR_RETURN(const Templates::Fixed fixed, FixedFor(call));
  return once_.Run(call, request, [&]() -> absl::StatusOr<v1::Template> {
    ASSIGN_OR_RETURN(
        const StoredTemplate made,
        templates_.Create({.kind = request.kind(),
                           .title = request.title(),
                           .text = {request.subject(), request.body(), request.html()}},
                          fixed, call));
    return ToProto(made);
  });
}

absl::StatusOr<v1::Template> TemplatesHandler::UpdateTemplate(
    const Call& call, const v1::UpdateTemplateRequest& request) {
  const v1::TemplateChange& change = request.template_();
  ASSIGN_OR_RETURN(const Paths named, LeavesNamed(change, request.update_mask()));
  ASSIGN_OR_RETURN(const Templates::Fixed fixed, FixedFor(call));
  return once_.Run(call, request, [&]() -> absl::StatusOr<v1::Template> {
    ASSIGN_OR_RETURN(const StoredTemplate made,
                     templates_.Update(request.template_id(), change.etag(), fixed, call,
                                       [&](StoredTemplate now) -> absl::StatusOr<StoredTemplate> {
                                         return Edited(std::move(now), change, named);
                                       }));
    return ToProto(made);
  });
}

absl::StatusOr<v1::DeleteTemplateResponse> TemplatesHandler::DeleteTemplate(
    const Call& call, const v1::DeleteTemplateRequest& request) {
  ASSIGN_OR_RETURN(const Templates::Fixed fixed, FixedFor(call));
  RETURN_IF_ERROR(templates_.Delete(request.template_id(), fixed, call));
  return v1::DeleteTemplateResponse();
}

absl::StatusOr<v1::ListTemplateVersionsResponse> TemplatesHandler::ListTemplateVersions(
    const Call& call, const v1::ListTemplateVersionsRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<StoredTemplate> found,
                   store_.ListVersions(call.caller.organisation_id, request.template_id(), page));
  v1::ListTemplateVersionsResponse response;
  response.set_next_page_token(
      CutPage(found, page, [](const StoredTemplate& one) { return absl::StrCat(one.version); }));
  for (const StoredTemplate& one : found) *response.add_versions() = ToProto(one);
  return response;
}

absl::StatusOr<v1::Template> TemplatesHandler::RestoreTemplate(
    const Call& call, const v1::RestoreTemplateRequest& request) {
  ASSIGN_OR_RETURN(const Templates::Fixed fixed, FixedFor(call));
  return once_.Run(call, request, [&]() -> absl::StatusOr<v1::Template> {
    ASSIGN_OR_RETURN(const StoredTemplate made,
                     templates_.Restore(request.template_id(), request.version(), fixed, call));
    return ToProto(made);
  });
}

absl::StatusOr<v1::PreviewTemplateResponse> TemplatesHandler::PreviewTemplate(
    const Call& call, const v1::PreviewTemplateRequest& request) {
  const Kind* const kind = FindKind(request.kind());
  if (kind == nullptr) return UnknownKind();
  const Text own = {request.subject(), request.body(), request.html()};
  RETURN_IF_ERROR(templates_.Check(*kind, own));
  ASSIGN_OR_RETURN(const StoredTemplate chosen,
                   templates_.Choose(call.caller.organisation_id, *kind, request.template_id(),
                                     request.language()));
  std::map<std::string, std::string> values = kind->Samples();
  for (const auto& [name, value] : request.values()) values[name] = value;
  ASSIGN_OR_RETURN(const Text text, Render(*kind, own, chosen.text, values));
  v1::PreviewTemplateResponse response;
  response.set_subject(text.subject);
  response.set_body(text.body);
  response.set_html(text.html);
  if (kind->channel == Channel::kSms) response.set_segments(Segments(text.body));
  return response;
}

absl::StatusOr<v1::TemplateSettings> TemplatesHandler::GetTemplateSettings(
    const Call& call, const v1::GetTemplateSettingsRequest&) {
  return settings_.Get(call.caller.organisation_id, call.caller.region);
}

absl::StatusOr<v1::TemplateSettings> TemplatesHandler::UpdateTemplateSettings(
    const Call& call, const v1::UpdateTemplateSettingsRequest& request) {
  return once_.Run(call, request, [&] {
    return settings_.Update(request.settings(), request.update_mask(), call,
                            [](const v1::TemplateSettings& rules) {
                              for (const std::string& kind : rules.fixed_kinds()) {
                                if (FindKind(kind) == nullptr) return UnknownKind();
                              }
                              return absl::OkStatus();
                            });
  });
}

}  // namespace gatehouse::notification
