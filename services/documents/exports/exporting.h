#pragma once

#include "absl/status/status.h"
#include "gatehouse/cases/v1/export.pb.h"
#include "services/common/jobs/lane.h"
#include "services/common/rpc/client.h"
#include "services/documents/exports/domain/sources.h"
#include "services/documents/exports/store/export_store.h"

namespace gatehouse::documents {

// The services that keep something of a contact, as an export asks them.
class ExportServices {
 public:
  virtual ~ExportServices() = default;
  // Who the contact is, by what invitation and cases know. Refuses CONTACT_ERASURE_UNDER_WAY.
  virtual absl::StatusOr<cases::v1::IdentifyContactResponse> Identify(
      const std::string& organisation_id, const std::string& contact_id) = 0;
  // A part of what one of them keeps.
  virtual absl::StatusOr<common::v1::ExportContactResponse> Export(
      ExportSource source, const std::string& organisation_id,
      const common::v1::ExportContactRequest& request) = 0;
};

class ExportClients : public ExportServices {
 public:
  struct Clients {
    Client &cases, &invitation, &identity, &notification;
  };
  ExportClients(const Clients& clients, Postgres& postgres)
      : clients_(clients), postgres_(postgres) {}
  absl::StatusOr<cases::v1::IdentifyContactResponse> Identify(
      const std::string& organisation_id, const std::string& contact_id) override;
  absl::StatusOr<common::v1::ExportContactResponse> Export(
      ExportSource source, const std::string& organisation_id,
      const common::v1::ExportContactRequest& request) override;

 private:
  const Clients clients_;
  Postgres& postgres_;  // What this service keeps itself.
};

// Makes exports: a job for each part, which is done until it succeeds. Whatever ends in the middle
// of one, that part is asked for again, and kept once.
class ContactExporting {
 public:
  ContactExporting(ExportStore& store, ExportServices& services)
      : store_(store), services_(services) {}

  // What a job of the lane kExportLane does.
  absl::Status Do(const std::string& organisation_id, const std::string& payload);
  LaneOptions Lane();

 private:
  ExportStore& store_;
  ExportServices& services_;
};

}  // namespace gatehouse::documents
