#include "services/common/jobs/erasing.h"

#include <catch2/catch.hpp>

#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/jobs/job_store.h"
#include "services/common/postgres/once.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

common::v1::Subject Ada() {
  common::v1::Subject ada;
  ada.set_contact_id("c-1");
  ada.add_case_ids("deal-1");
  ada.add_names("Ada Lovelace");
  ada.add_name_parts("Ada");
  ada.add_name_parts("Lovelace");
  ada.add_emails("ada.l@example.com");
  ada.add_mobiles("+61412345678");
  return ada;
}

cases::v1::AddNoteRequest Note(const std::string& case_id, const std::string& text) {
  cases::v1::AddNoteRequest note;
  note.set_case_id(case_id);
  note.set_text(text);
  return note;
}

TEST_CASE("a message mentions whose address it has, or whom it names in a case of theirs",
          "[unit]") {
  notification::v1::SubmitMessageRequest mail;
  mail.set_recipient("ada.l@example.com");
  CHECK(Mentions(mail.SerializeAsString(), Ada()));
  mail.set_recipient("nada.l@example.com");
  CHECK_FALSE(Mentions(mail.SerializeAsString(), Ada()));
  CHECK(Mentions(Note("deal-1", "Ada Lovelace called.").SerializeAsString(), Ada()));
  CHECK(Mentions(Note("deal-1", "Write to ada.l@example.com").SerializeAsString(), Ada()));
  // Somebody of the same name, and another case whose id begins alike.
  CHECK_FALSE(Mentions(Note("deal-2", "Ada Lovelace called.").SerializeAsString(), Ada()));
  CHECK_FALSE(Mentions(Note("deal-10", "Ada Lovelace called.").SerializeAsString(), Ada()));
  CHECK_FALSE(Mentions(Note("deal-1", "Bob called.").SerializeAsString(), Ada()));
  CHECK_FALSE(Mentions("", Ada()));
}

TEST_CASE("a receipt counts each kind once, and nothing that was not there", "[unit]") {
  common::v1::EraseContactResponse receipt;
  AddErased(common::v1::NOTE, 2, receipt);
  AddErased(common::v1::NOTE, 1, receipt);
  AddErased(common::v1::OFFER, 0, receipt);
  REQUIRE(receipt.erased_size() == 1);
  CHECK(receipt.erased(0).count() == 3);
  AddKept(common::v1::OFFER, 1, common::v1::CONTRACT, receipt);
  CHECK(receipt.kept(0).ground() == common::v1::CONTRACT);
}

struct Sealed {
  TestDatabase database{"probe", WithCommon({})};
  const Secret key{RandomBytes(32)}, once_key{RandomBytes(32)};
  const JobStore jobs{database.postgres(), key};
  Once once{database.postgres(), once_key};
  const SealedTraces traces{
      {.job_keys = {Secret(RandomBytes(32)), key}, .once_key = once_key, .spared_lanes = {"own"}}};

  void Add(const std::string& lane, const std::string& kind,
           const google::protobuf::Message& request, const std::string& organisation = "acme") {
    std::vector<Job> added = {{.organisation_id = organisation,
                               .lane = lane,
                               .kind = kind,
                               .id = NewId("out"),
                               .payload = request.SerializeAsString()}};
    const absl::Status kept =
        database.postgres().Write(Rows::Of(organisation), [&](Transaction& tx) {
          jobs.Add(tx, {}, added);
          return absl::OkStatus();
        });
    REQUIRE(kept.ok());
  }
  void Answer(const Call& call, const std::string& request_id, const std::string& author) {
    cases::v1::CreateNoteRequest request;
    request.set_case_id("deal-1");
    request.set_request_id(request_id);
    const auto kept = once.Run(call, request, [&]() -> absl::StatusOr<notification::v1::Message> {
      RETURN_IF_ERROR(
          database.postgres().WriteOne(Rows::Of("acme"), [](Transaction& tx) -> absl::Status {
            tx.Exec("SELECT 1");
            return absl::OkStatus();
          }));
      notification::v1::Message answer;
      answer.set_to(author);
      return answer;
    });
    REQUIRE(kept.ok());
  }
  common::v1::EraseContactResponse Erase() {
    common::v1::EraseContactResponse receipt;
    const absl::Status erased =
        database.postgres().Write(Rows::Of("acme"), [&](Transaction& tx) -> absl::Status {
          traces.Erase(tx, "acme", Ada(), receipt);
          return absl::OkStatus();
        });
    REQUIRE(erased.ok());
    return receipt;
  }
  int Count(const std::string& rows) {
    return database.Exec("SELECT count(*) FROM " + rows)[0][0].as<int>();
  }
};

TEST_CASE_METHOD(Sealed, "what waits and names the subject goes, dead or not; the trail is told",
                 "[service][no-tsan]") {
  const cases::v1::AddNoteRequest about = Note("deal-1", "Ada Lovelace called.");
  Add("cases", "gatehouse.cases.v1.CaseDirectory/AddNote", about);
  Add("cases", "gatehouse.cases.v1.CaseDirectory/AddNote", about);
  database.Exec("UPDATE job SET dead = true WHERE number = (SELECT max(number) FROM job)");
  Add("cases", "gatehouse.cases.v1.CaseDirectory/AddNote", Note("deal-1", "Bob called."));
  Add("cases", "gatehouse.cases.v1.CaseDirectory/AddNote", about, "other");
  Add("own", "erasure.step", about);
  identity::v1::RecordAuditEventRequest trail;
  trail.mutable_audit_event()->set_case_id("deal-1");
  trail.mutable_audit_event()->set_actor_name("Ada Lovelace");
  Add("identity", "gatehouse.identity.v1.AuditIntake/RecordAuditEvent", trail);
  const auto receipt = Erase();
  REQUIRE(receipt.erased_size() == 1);
  CHECK(receipt.erased(0).kind() == common::v1::WAITING_JOB);
  CHECK(receipt.erased(0).count() == 2);
  CHECK(Count("job") == 4);
  CHECK(Erase().erased_size() == 0);
}

TEST_CASE_METHOD(Sealed, "first answers go that mention the subject, or were given to it",
                 "[service][no-tsan]") {
  Answer(StaffCall(), "r1", "ada.l@example.com");
  Answer(StaffCall(), "r2", "bob@example.com");
  Answer(ClientCall({.case_id = "deal-1", .contact_id = "c-1"}), "r3", "nobody");
  Answer(ClientCall({.case_id = "deal-1", .contact_id = "cc-1"}), "r4", "nobody");
  const auto receipt = Erase();
  REQUIRE(receipt.erased_size() == 1);
  CHECK(receipt.erased(0).kind() == common::v1::FIRST_ANSWER);
  CHECK(receipt.erased(0).count() == 2);
  CHECK(Count("once WHERE request_id IN ('r2', 'r4')") == 2);
}

TEST_CASE_METHOD(Sealed, "a text names the subject by a whole word, an address or a number",
                 "[service]") {
  const std::string pattern = NamingPattern(Ada());
  const auto names = [&](const std::string& text) {
    const auto named =
        database.postgres().Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<bool> {
          return tx.Exec("SELECT $1::text ~* $2 AS named", text, pattern)[0]["named"].as<bool>();
        });
    REQUIRE(named.ok());
    return *named;
  };
  for (const char* text :
       {"Ada called", "to ADA.", "Mrs Lovelace", "lovelace's house", "mail ada.l@example.com now",
        "call 0412 345 678", "+61 412-345-678", "(0412)345678"}) {
    INFO(text);
    CHECK(names(text));
  }
  for (const char* text :
       {"Canada", "adapter", "Loveless", "bob@example.com", "0412 345 679", ""}) {
    INFO(text);
    CHECK_FALSE(names(text));
  }
  CHECK(NamingPattern(common::v1::Subject()).empty());
  common::v1::Subject odd;
  odd.add_names("D'Arcy (the 2nd) [x] \\ *");
  CHECK_FALSE(NamingPattern(odd).empty());
}

}  // namespace
}  // namespace gatehouse
