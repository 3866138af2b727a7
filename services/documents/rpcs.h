#pragma once

#include "services/common/rpc/server.h"
#include "services/documents/archives/handler.h"
#include "services/documents/changes/handler.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/erasure/handler.h"
#include "services/documents/exports/handler.h"
#include "services/documents/previews/handler.h"
#include "services/documents/removals/handler.h"
#include "services/documents/requests/handler.h"
#include "services/documents/requests/templates_handler.h"
#include "services/documents/resumable/handler.h"
#include "services/documents/settings/handler.h"
#include "services/documents/signing/evidence.h"
#include "services/documents/signing/handler.h"
#include "services/documents/uploads/handler.h"

namespace gatehouse::documents {

struct Handlers {
  UploadsHandler& uploads;
  ResumableHandler& resumable;
  DownloadsHandler& downloads;
  ArchivesHandler& archives;
  ChangesHandler& changes;
  RequestsHandler& requests;
  TemplatesHandler& templates;
  SettingsHandler& settings;
  SignaturesHandler& signatures;
  PortalSignaturesHandler& portal_signatures;
  PasskeySignaturesHandler& passkey_signatures;
  EvidenceHandler& evidence;
  SealsHandler& seals;
  PreviewsHandler& previews;
  ErasureHandler& erasure;
  RemovalsHandler& removals;
  ExportsHandler& exports;
};

// The RPCs of proto/gatehouse/documents/v1.
void Register(Handlers handlers, Server& server);

}  // namespace gatehouse::documents
