#include "services/documents/erasure/handler.h"

#include "services/documents/resumable/domain/resumable_uploads.h"
#include "services/documents/resumable/store/postgres_uploads.h"
#include "services/documents/signing/handler.h"
#include "services/documents/tests/fixture.h"
#include "tests/support/erased.h"

namespace gatehouse::documents {
namespace {

struct Erasing : Fixture {
  Once once{database.postgres(), Secret(RandomBytes(32))};
  ErasureStore erasures{database.postgres(), outbox,
                        SealedTraces({.job_keys = {Secret(RandomBytes(32))},
                                      .once_key = Secret(RandomBytes(32)),
                                      .spared_lanes = {}})};
  ErasureHandler erasure_handler{erasures, collector, once, clock};

  absl::StatusOr<common::v1::EraseContactResponse> Ask(
      const std::string& request_id, const std::string& organisation_id = "acme") {
    common::v1::EraseContactRequest request;
    request.mutable_subject()->set_contact_id("ada");
    request.mutable_subject()->add_case_ids("deal-1");
    request.mutable_subject()->add_name_parts("Lovelace");
    request.set_request_id(request_id);
    return erasure_handler.EraseContact(ServiceCall(organisation_id), request);
  }
  common::v1::EraseContactResponse Erase(const std::string& request_id) {
    const auto erased = Ask(request_id);
    INFO(erased.status().ToString());
    REQUIRE(erased.ok());
    return *erased;
  }
  // A signature request to these, in this state.
  void AddSigning(const std::string& id, int state, const std::string& document_id) {
    database.Exec(
        "INSERT INTO signature_request (organisation_id, signature_request_id, case_id, "
        "document_id, title, filename, content_type, size_bytes, sha256, method, state, in_order, "
        "countersign, message, sender_name, create_time, expire_time, next_look) VALUES ('acme', "
        "'" +
        id + "', 'deal-1', '" + document_id + "', 't', 'f', 'c', 1, 's', 1, " +
        std::to_string(state) +
        ", false, false, '', 'Sam', now(), now(), 'infinity'); "
        "INSERT INTO signer (organisation_id, signature_request_id, position, contact_id, name, "
        "state) VALUES ('acme', '" +
        id + "', 0, 'ada', 'Ada Lovelace', 4), ('acme', '" + id + "', 1, 'bob', 'Bob', 2)");
  }
};

TEST_CASE_METHOD(Erasing, "what a contact handed in goes with its bytes, and nobody else's does",
                 "[service]") {
  REQUIRE(TakeBy(ada).ok());
  REQUIRE(TakeBy(bob).ok());
  const auto removed = TakeBy(ada);
  REQUIRE(documents
              .Remove("acme", "deal-1", &ada, removed->document_id,
                      [](const Document&) { return absl::OkStatus(); })
              .ok());
  const auto shared = TakeByStaff();
  REQUIRE(TakeByStaff().ok());
  database.Exec(
      "UPDATE documents.document SET share_time = now(), shared_contact_id = 'ada' "
      "WHERE document_id = '" +
      shared->document_id + "'");
  REQUIRE(Files() == 5);
  CHECK(Ask("x", "other")->erased_size() == 0);
  const auto receipt = Erase("r1");
  CHECK(CountOf(receipt, common::v1::DOCUMENT) == 2);
  CHECK(Files() == 2);
  CHECK(Count("loose_blob") == 0);
  CHECK(Count("documents.document WHERE uploader_id = 'bob'") == 1);
  CHECK(Count("usage WHERE case_id = '' AND documents = 2") == 1);
  CHECK(Count("usage WHERE contact_id = 'ada' AND (documents > 0 OR bytes > 0)") == 0);
  CHECK(Erase("r1").SerializeAsString() == receipt.SerializeAsString());
  CHECK(CountOf(Erase("r2"), common::v1::DOCUMENT) == 0);
}

TEST_CASE_METHOD(Erasing, "where the bytes' store was away, they go when it is asked again",
                 "[service]") {
  REQUIRE(TakeBy(ada).ok());
  std::filesystem::rename(root, root.string() + "-away");
  CHECK_FALSE(Ask("r1").ok());
  std::filesystem::rename(root.string() + "-away", root);
  CHECK(Files() == 1);
  CHECK(CountOf(Erase("r1"), common::v1::DOCUMENT) == 1);
  CHECK(Files() == 0);
}

TEST_CASE_METHOD(Erasing, "an upload that is under way ends, with its parts", "[service]") {
  PostgresUploads uploads_store{database.postgres()};
  ResumableUploads resumable{{uploads_store, uploads, documents, blobs, rules, clock}};
  const UploadOwner owner = {"acme", "deal-1", "ada", "Ada Client", &ada};
  const auto begun = resumable.Create(
      owner, {.metadata = "filename YS5wZGY=", .concat = "", .length = 100000, .deferred = false});
  REQUIRE(begun.ok());
  const auto appending =
      resumable.Append(owner, {.upload_id = begun->upload_id, .offset = 0, .length = std::nullopt});
  REQUIRE(appending.ok());
  REQUIRE((*appending)->Take(kPdf).ok());
  REQUIRE((*appending)->Finish().ok());
  REQUIRE(Files() == 1);
  CHECK(CountOf(Erase("r1"), common::v1::UPLOAD) == 1);
  CHECK(Files() == 0);
  CHECK(Count("upload") == 0);
  CHECK(ReasonOf(resumable.Get(owner, begun->upload_id).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Erasing, "a contract stays with its evidence; what is not signed by all does not",
                 "[service]") {
  const auto signed_one = TakeBy(ada), open_one = TakeBy(ada);
  REQUIRE((signed_one.ok() && open_one.ok()));
  AddSigning("sgr_signed", 3, signed_one->document_id);
  AddSigning("sgr_open", 1, open_one->document_id);
  AddSigning("sgr_declined", 4, open_one->document_id);
  const auto receipt = Erase("r1");
  CHECK(CountOf(receipt, common::v1::SIGNATURE_REQUEST) == 2);
  CHECK(CountOf(receipt, common::v1::DOCUMENT) == 1);
  REQUIRE(receipt.kept_size() == 2);
  for (const auto& kept : receipt.kept()) {
    CHECK(kept.count() == 1);
    CHECK(kept.ground() == common::v1::CONTRACT);
  }
  CHECK(Count("signature_request WHERE signature_request_id = 'sgr_signed'") == 1);
  CHECK(Count("signature_request") == 1);
  CHECK(Count("signer") == 2);
  CHECK(Count("documents.document") == 1);
}

TEST_CASE_METHOD(Erasing, "requests to the contact go, and files that are named after it lose that",
                 "[service]") {
  database.Exec(
      "INSERT INTO document_request (organisation_id, document_request_id, case_id, title, label, "
      "contact_id) VALUES ('acme', 'drq_1', 'deal-1', 'Passport', '', 'ada'), "
      "('acme', 'drq_2', 'deal-1', 'Passport of Lovelace', '', '')");
  REQUIRE(TakeByStaff(kPdf, "lovelace-2026.pdf").ok());
  const auto receipt = Erase("r1");
  CHECK(CountOf(receipt, common::v1::DOCUMENT_REQUEST) == 1);
  CHECK(CountOf(receipt, common::v1::QUOTATION) == 2);
  CHECK(Count("document_request WHERE title = 'Passport of [erased]'") == 1);
  CHECK(Count("documents.document WHERE filename = 'erased-2026.pdf'") == 1);
}

}  // namespace
}  // namespace gatehouse::documents
