#include "absl/strings/str_cat.h"
#include "services/documents/resumable/tests/fixture.h"

// What counts against the quotas before it is a document.

namespace gatehouse::documents {
namespace {

TEST_CASE_METHOD(ResumableFixture, "what is under way counts where another one begins",
                 "[service]") {
  const auto begin = [&](const UploadOwner& owner, int64_t length) {
    return resumable.Create(owner, {.metadata = FilenameOf("a.pdf"), .length = length});
  };
  rules.rules.quotas.contact.bytes = 1000;
  rules.rules.quotas.of_case.bytes = 2000;
  const auto first = begin(ada_owner, 600);
  REQUIRE(first.ok());
  CHECK(Reason(begin(ada_owner, 401)) == "CONTACT_QUOTA_REACHED");
  CHECK(begin(ada_owner, 400).ok());
  CHECK(begin(bob_owner, 600).ok());  // Another contact has a quota of its own.
  CHECK(Reason(begin(sam, 401)) == "CASE_QUOTA_REACHED");
  // What has become a document counts once, as that.
  REQUIRE(Put(ada_owner, first->upload_id, 0, Pdf(600)).ok());
  CHECK(Reason(begin(ada_owner, 1)) == "CONTACT_QUOTA_REACHED");
  CHECK(begin(sam, 400).ok());
}

TEST_CASE_METHOD(ResumableFixture, "what is given up or forgotten counts no more", "[service]") {
  const auto begin = [&] {
    return resumable.Create(ada_owner, {.metadata = FilenameOf("a.pdf"), .length = 600});
  };
  rules.rules.quotas.contact.bytes = 1000;
  const auto first = begin();
  REQUIRE(first.ok());
  CHECK(Reason(begin()) == "CONTACT_QUOTA_REACHED");
  REQUIRE(resumable.Delete(ada_owner, first->upload_id).ok());
  REQUIRE(begin().ok());
  database.Exec("UPDATE documents.upload SET expire_time = now()");
  CHECK(begin().ok());
}

TEST_CASE_METHOD(ResumableFixture, "what came of an upload counts until it is collected",
                 "[service]") {
  rules.rules.quotas.contact.bytes = 1000;
  const auto begin = [&] {
    return resumable.Create(ada_owner, {.metadata = FilenameOf("a.pdf"), .length = 600});
  };
  const auto first = begin();
  REQUIRE(first.ok());
  REQUIRE(Put(ada_owner, first->upload_id, 0, Pdf(500)).ok());
  database.Exec("UPDATE documents.upload SET expire_time = now()");
  CHECK(Reason(begin()) == "CONTACT_QUOTA_REACHED");
}

TEST_CASE_METHOD(ResumableFixture,
                 "what does not say how long it is gets no further than the quotas", "[service]") {
  rules.rules.quotas.contact.bytes = 1000;
  const auto begin = [&] {
    return resumable.Create(ada_owner, {.metadata = FilenameOf("a.pdf"), .deferred = true});
  };
  const auto first = begin(), second = begin();
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  REQUIRE(Put(ada_owner, first->upload_id, 0, Pdf(600)).ok());
  CHECK(Reason(Put(ada_owner, second->upload_id, 0, Pdf(401))) == "CONTACT_QUOTA_REACHED");
  REQUIRE(Put(ada_owner, second->upload_id, 0, Pdf(300)).ok());
  // Nor once it says so.
  CHECK(Reason(Put(ada_owner, second->upload_id, 300, "x", 401)) == "CONTACT_QUOTA_REACHED");
  CHECK(Put(ada_owner, second->upload_id, 300, std::string(100, 'x'), 400).ok());
}

TEST_CASE_METHOD(ResumableFixture, "uploads that are to be joined count by their bytes",
                 "[service]") {
  rules.rules.quotas.of_case = {.documents = 1, .bytes = 1000};
  const auto a = Begin(500, "partial"), b = Begin(500, "partial");
  CHECK(Reason(resumable.Create(sam, {.concat = "partial", .length = 1})) == "CASE_QUOTA_REACHED");
  REQUIRE(Put(sam, a.upload_id, 0, Pdf(500)).ok());
  REQUIRE(Put(sam, b.upload_id, 0, std::string(500, '%')).ok());
  const std::string path = "/v1/cases/deal-1/uploads/";
  CHECK(resumable
            .Create(sam,
                    {.metadata = FilenameOf("a.pdf"),
                     .concat = absl::StrCat("final;", path, a.upload_id, " ", path, b.upload_id)})
            .ok());
}

}  // namespace
}  // namespace gatehouse::documents
