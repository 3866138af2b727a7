#include "services/documents/removals/handler.h"

#include "services/common/base/proto_time.h"
#include "services/documents/resumable/domain/resumable_uploads.h"
#include "services/documents/resumable/store/postgres_uploads.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct Removing : Fixture {
  RemovalsHandler removals{database.postgres()};
  const std::string aside = "~1795983147000000~deal-1";

  absl::Status Remove(absl::Time time = absl::Now(), const std::string& organisation_id = "acme") {
    cases::v1::RemoveCaseRequest request;
    request.set_case_id("deal-1");
    request.mutable_removal()->set_aside_id(aside);
    *request.mutable_removal()->mutable_remove_time() = gatehouse::ToProto(time);
    return removals.RemoveCase(ServiceCall(organisation_id), request).status();
  }
  size_t Listed() { return documents.List("acme", "deal-1", nullptr, {}, {})->size(); }
  int Sweep(absl::Duration age) {
    Sweeper sweeper(database.postgres(), RemovedCases(age), clock);
    return sweeper.Sweep().value();
  }
};

TEST_CASE_METHOD(Removing, "a case that is put under a deleted one's id begins with nothing",
                 "[service]") {
  const auto request =
      requests.Create({.organisation_id = "acme", .case_id = "deal-1", .title = "Payslips"});
  REQUIRE(request.ok());
  const auto kept = TakeBy(ada, kPdf, request->document_request_id);
  REQUIRE(kept.ok());
  REQUIRE(TakeByStaff().ok());
  PostgresUploads store(database.postgres());
  ResumableUploads resumable({store, uploads, documents, blobs, rules, clock});
  const UploadOwner sam = {"acme", "deal-1", "key_1", "Sam Staff"};
  const auto upload =
      resumable.Create(sam, {.metadata = "filename YS5wZGY=", .length = int64_t{100}});
  REQUIRE(upload.ok());
  REQUIRE(Remove(absl::Now(), "other").ok());
  CHECK(Listed() == 2);

  REQUIRE(Remove().ok());
  CHECK(Listed() == 0);
  CHECK(ReasonOf(documents.Get("acme", "deal-1", nullptr, kept->document_id).status()) ==
        "NOT_FOUND");
  CHECK(request_store.List("acme", "deal-1", nullptr, {})->empty());
  CHECK(ReasonOf(resumable.Get(sam, upload->upload_id).status()) == "NOT_FOUND");
  const Usages used = documents.Used("acme", "deal-1", "ada").value();
  CHECK(used.contact.documents == 0);
  CHECK(used.of_case.documents == 0);
  CHECK(used.organisation.documents == 2);  // Their bytes are there.

  // What is said twice, or late, takes nothing of the next one's.
  const absl::Time removed = absl::Now();
  REQUIRE(TakeBy(ada).ok());
  REQUIRE(Remove(removed - absl::Seconds(1)).ok());
  CHECK(Listed() == 1);
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 1);
  CHECK(documents.Used("acme", aside, "ada")->contact.documents == 1);
  CHECK(documents.Used("acme", aside, "")->of_case.documents == 2);
}

TEST_CASE_METHOD(Removing, "what was put aside is removed for good, with its bytes, in the end",
                 "[service]") {
  const auto request =
      requests.Create({.organisation_id = "acme", .case_id = "deal-1", .title = "Payslips"});
  REQUIRE(TakeBy(ada, kPdf, request->document_request_id).ok());
  REQUIRE(TakeByStaff().ok());
  REQUIRE(Remove().ok());
  CHECK(Sweep(absl::Hours(1)) == 0);
  CHECK(Sweep(-absl::Hours(1)) == 3);  // Two documents and a request.
  CHECK(documents.Used("acme", "", "")->organisation.documents == 2);
  REQUIRE(collector.Collect(absl::Now() + absl::Hours(25)).ok());
  CHECK(Files() == 0);
  CHECK(documents.Used("acme", "", "")->organisation.documents == 0);
  Sweep(-absl::Hours(1));
  CHECK(Count("removed_case") == 0);
  CHECK(Count("usage WHERE case_id LIKE '~%'") == 0);
}

TEST_CASE_METHOD(Removing, "what a completed signing stands on stays", "[service]") {
  const auto signed_one = TakeByStaff(), other = TakeByStaff();
  database.Exec(
      "INSERT INTO signature_request (organisation_id, signature_request_id, case_id, "
      "document_id, title, filename, content_type, size_bytes, sha256, method, state, in_order, "
      "countersign, message, sender_name, create_time, expire_time, next_look) SELECT 'acme', "
      "'sig_' || state, 'deal-1', '" +
      signed_one->document_id +
      "', 't', 'f', 'c', 1, 's', 1, state, false, false, '', 'Sam', now(), now(), 'infinity' "
      "FROM generate_series(2, 3) AS state");
  REQUIRE(Remove().ok());
  Sweep(-absl::Hours(1));
  CHECK(Count("document") == 1);
  CHECK(Count("document WHERE document_id = '" + signed_one->document_id + "'") == 1);
  CHECK(Count("signature_request") == 1);
  CHECK(Count("signature_request WHERE state = 3") == 1);
  CHECK(Count("loose_blob WHERE document_id IN ('sig_2', '" + other->document_id + "')") == 2);
  CHECK(Count("removed_case") == 1);
}

}  // namespace
}  // namespace gatehouse::documents
