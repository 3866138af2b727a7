#include "services/documents/document_proto.h"

#include "services/common/base/proto_time.h"

namespace gatehouse::documents {
namespace {

pb::PreviewState PreviewOf(const Document& document) {
  switch (document.preview) {
    case PreviewState::kWaiting:
      return pb::PREVIEW_WAITING;
    case PreviewState::kReady:
      return pb::PREVIEW_READY;
    case PreviewState::kFailed:
      return pb::PREVIEW_FAILED;
    case PreviewState::kNotAsked:
    case PreviewState::kNone:
      break;
  }
  return pb::PREVIEW_NONE;
}

}  // namespace

pb::Document ToProto(const Document& document) {
  pb::Document proto;
  proto.set_document_id(document.document_id);
  proto.set_filename(document.filename);
  proto.set_content_type(document.content_type);
  proto.set_size_bytes(document.size_bytes);
  proto.set_sha256(document.sha256);
  proto.set_label(document.label);
  proto.set_folder(FolderOf(document));
  proto.mutable_uploader()->set_kind(document.from_client ? pb::Uploader::CLIENT
                                                          : pb::Uploader::STAFF);
  proto.mutable_uploader()->set_id(document.uploader_id);
  proto.mutable_uploader()->set_display_name(document.uploader_name);
  proto.set_scan(static_cast<pb::Scan>(document.scan));
  proto.set_scan_finding(document.scan_finding);
  *proto.mutable_create_time() = gatehouse::ToProto(document.create_time);
  proto.set_shared_contact_id(document.shared_contact_id);
  if (IsShared(document)) {
    *proto.mutable_share_time() = gatehouse::ToProto(document.share_time);
  }
  proto.set_preview(PreviewOf(document));
  proto.set_case_id(document.case_id);
  proto.set_document_request_id(document.document_request_id);
  return proto;
}

}  // namespace gatehouse::documents
