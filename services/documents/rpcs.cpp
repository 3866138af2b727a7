#include "services/documents/rpcs.h"

namespace gatehouse::documents {
namespace {

void RegisterPortal(Handlers handlers, Server& server) {
  server.Service("gatehouse.documents.v1.PortalDocuments")
      .Upload("UploadPortalDocument", handlers.uploads, &UploadsHandler::UploadPortalDocument)
      .Unary("ListPortalDocuments", handlers.downloads, &DownloadsHandler::ListPortalDocuments)
      .Download("DownloadPortalDocument", handlers.downloads,
                &DownloadsHandler::DownloadPortalDocument)
      .Unary("ListPortalDocumentRequests", handlers.requests,
             &RequestsHandler::ListPortalDocumentRequests);
  server.Service("gatehouse.documents.v1.PortalDocumentChanges")
      .Unary("DeletePortalDocument", handlers.changes, &ChangesHandler::DeletePortalDocument);
  server.Service("gatehouse.documents.v1.PortalDocumentRequests")
      .Unary("DeclarePortalDocumentUnavailable", handlers.requests,
             &RequestsHandler::DeclarePortalDocumentUnavailable);
}

void RegisterResumable(Handlers handlers, Server& server) {
  server.Service("gatehouse.documents.v1.ResumableUploads")
      .Upload("CreateUpload", handlers.resumable, &ResumableHandler::CreateUpload)
      .Upload("AppendToUpload", handlers.resumable, &ResumableHandler::AppendToUpload)
      .Unary("GetUpload", handlers.resumable, &ResumableHandler::GetUpload)
      .Unary("DeleteUpload", handlers.resumable, &ResumableHandler::DeleteUpload);
  server.Service("gatehouse.documents.v1.PortalResumableUploads")
      .Upload("CreatePortalUpload", handlers.resumable, &ResumableHandler::CreateUpload)
      .Upload("AppendToPortalUpload", handlers.resumable, &ResumableHandler::AppendToUpload)
      .Unary("GetPortalUpload", handlers.resumable, &ResumableHandler::GetUpload)
      .Unary("DeletePortalUpload", handlers.resumable, &ResumableHandler::DeleteUpload);
}

void RegisterPreviews(Handlers handlers, Server& server) {
  server.Service("gatehouse.documents.v1.Previews")
      .Download("DownloadPreview", handlers.previews, &PreviewsHandler::DownloadPreview);
  server.Service("gatehouse.documents.v1.PortalPreviews")
      .Download("DownloadPortalPreview", handlers.previews,
                &PreviewsHandler::DownloadPortalPreview);
}

void RegisterArchives(Handlers handlers, Server& server) {
  server.Service("gatehouse.documents.v1.DocumentArchives")
      .Download("DownloadDocumentArchive", handlers.archives,
                &ArchivesHandler::DownloadDocumentArchive);
  server.Service("gatehouse.documents.v1.PortalDocumentArchives")
      .Download("DownloadPortalDocumentArchive", handlers.archives,
                &ArchivesHandler::DownloadPortalDocumentArchive);
}

void RegisterExports(Handlers handlers, Server& server) {
  server.Service("gatehouse.documents.v1.Exports")
      .Unary("CreateExport", handlers.exports, &ExportsHandler::CreateExport)
      .Unary("GetExport", handlers.exports, &ExportsHandler::GetExport)
      .Unary("ListExports", handlers.exports, &ExportsHandler::ListExports)
      .Download("DownloadExport", handlers.exports, &ExportsHandler::DownloadExport);
}

void RegisterSignatures(Handlers handlers, Server& server) {
  using Staff = SignaturesHandler;
  using Portal = PortalSignaturesHandler;
  SignaturesHandler& staff = handlers.signatures;
  PortalSignaturesHandler& portal = handlers.portal_signatures;
  server.Service("gatehouse.documents.v1.Signatures")
      .Unary("CreateSignatureRequest", staff, &Staff::CreateSignatureRequest)
      .Unary("ListSignatureRequests", staff, &Staff::ListSignatureRequests)
      .Unary("GetSignatureRequest", staff, &Staff::GetSignatureRequest)
      .Unary("VoidSignatureRequest", staff, &Staff::VoidSignatureRequest)
      .Unary("CountersignSignatureRequest", staff, &Staff::CountersignSignatureRequest)
      .Unary("AcceptSignedCopy", staff, &Staff::AcceptSignedCopy)
      .Unary("ReturnSignedCopy", staff, &Staff::ReturnSignedCopy);
  server.Service("gatehouse.documents.v1.SignatureEvidence")
      .Download("DownloadSignatureEvidence", handlers.evidence,
                &EvidenceHandler::DownloadSignatureEvidence);
  server.Service("gatehouse.documents.v1.PortalSignatures")
      .Unary("ListPortalSignatureRequests", portal, &Portal::ListPortalSignatureRequests)
      .Download("DownloadPortalSignatureDocument", portal, &Portal::DownloadPortalSignatureDocument)
      .Unary("StartPortalSignature", portal, &Portal::StartPortalSignature)
      .Unary("SignPortalSignatureRequest", portal, &Portal::SignPortalSignatureRequest)
      .Unary("DeclinePortalSignatureRequest", portal, &Portal::DeclinePortalSignatureRequest)
      .Unary("SubmitPortalSignedCopy", portal, &Portal::SubmitPortalSignedCopy);
  server.Service("gatehouse.documents.v1.PortalPasskeySignatures")
      .Unary("StartPortalPasskeySignature", handlers.passkey_signatures,
             &PasskeySignaturesHandler::StartPortalPasskeySignature)
      .Unary("SignPortalSignatureRequestByPasskey", handlers.passkey_signatures,
             &PasskeySignaturesHandler::SignPortalSignatureRequestByPasskey);
  server.Service("gatehouse.documents.v1.Seals")
      .Unary("VerifySeal", handlers.seals, &SealsHandler::VerifySeal);
}

}  // namespace

void Register(Handlers handlers, Server& server) {
  server.Service("gatehouse.documents.v1.Documents")
      .Upload("UploadDocument", handlers.uploads, &UploadsHandler::UploadDocument)
      .Unary("ListDocuments", handlers.downloads, &DownloadsHandler::ListDocuments)
      .Download("DownloadDocument", handlers.downloads, &DownloadsHandler::DownloadDocument)
      .Unary("CreateDocumentRequest", handlers.requests, &RequestsHandler::CreateDocumentRequest)
      .Unary("ListDocumentRequests", handlers.requests, &RequestsHandler::ListDocumentRequests)
      .Unary("GetSettings", handlers.settings, &SettingsHandler::GetSettings)
      .Unary("UpdateSettings", handlers.settings, &SettingsHandler::UpdateSettings);
  server.Service("gatehouse.documents.v1.DocumentChanges")
      .Unary("UpdateDocument", handlers.changes, &ChangesHandler::UpdateDocument)
      .Unary("ShareDocument", handlers.changes, &ChangesHandler::ShareDocument)
      .Unary("UnshareDocument", handlers.changes, &ChangesHandler::UnshareDocument)
      .Unary("DeleteDocument", handlers.changes, &ChangesHandler::DeleteDocument);
  server.Service("gatehouse.documents.v1.DocumentRequests")
      .Unary("AcceptDocumentRequest", handlers.requests, &RequestsHandler::AcceptDocumentRequest)
      .Unary("ReturnDocumentRequest", handlers.requests, &RequestsHandler::ReturnDocumentRequest)
      .Unary("DeleteDocumentRequest", handlers.requests, &RequestsHandler::DeleteDocumentRequest)
      .Unary("PutDocumentRequestTemplate", handlers.templates,
             &TemplatesHandler::PutDocumentRequestTemplate)
      .Unary("ListDocumentRequestTemplates", handlers.templates,
             &TemplatesHandler::ListDocumentRequestTemplates)
      .Unary("DeleteDocumentRequestTemplate", handlers.templates,
             &TemplatesHandler::DeleteDocumentRequestTemplate)
      .Unary("ApplyDocumentRequestTemplate", handlers.requests,
             &RequestsHandler::ApplyDocumentRequestTemplate);
  RegisterPortal(handlers, server);
  RegisterResumable(handlers, server);
  RegisterArchives(handlers, server);
  RegisterSignatures(handlers, server);
  RegisterPreviews(handlers, server);
  RegisterExports(handlers, server);
  server.Service("gatehouse.documents.v1.DocumentDirectory")
      .Unary("LookUpCaseDocuments", handlers.requests, &RequestsHandler::LookUpCaseDocuments);
  server.Service("gatehouse.documents.v1.ContactErasure")
      .Unary("EraseContact", handlers.erasure, &ErasureHandler::EraseContact);
  server.Service("gatehouse.documents.v1.CaseRemovals")
      .Unary("RemoveCase", handlers.removals, &RemovalsHandler::RemoveCase);
}

}  // namespace gatehouse::documents
