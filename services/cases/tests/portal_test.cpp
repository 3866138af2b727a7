#include "services/cases/tests/fixture.h"

// What a client sees of its cases: the same in the list and of one of them.

namespace gatehouse::cases {
namespace {

struct PortalCases : Fixture {
  static CaseAccess Access(const std::string& case_id, const std::string& contact_id,
                           Visibility visibility) {
    return {case_id, contact_id, "inv_1", visibility};
  }
  static Call As(const std::vector<CaseAccess>& accesses,
                 const std::string& organisation_id = "acme") {
    Call call = ClientCall({}, organisation_id);
    call.caller.cases = accesses;
    return call;
  }
  static std::vector<std::string> Contacts(const pb::PortalCase& seen) {
    std::vector<std::string> ids;
    for (const auto& contact : seen.contacts()) ids.push_back(contact.contact_id());
    return ids;
  }
  // Of one case, as both calls have it.
  std::vector<std::string> Seen(const CaseAccess& access) {
    pb::GetPortalCaseRequest request;
    request.set_case_id(access.case_id);
    const auto one = handler.GetPortalCase(As({access}), request);
    REQUIRE(one.ok());
    const auto list = handler.ListPortalCases(As({access}), {});
    REQUIRE(list.ok());
    REQUIRE(list->cases_size() == 1);
    CHECK(list->cases(0).SerializeAsString() == one->SerializeAsString());
    return Contacts(*one);
  }
};

using Ids = std::vector<std::string>;

TEST_CASE_METHOD(PortalCases, "a client sees every contact, or its own, as the invitation says",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  CHECK(Seen(Access("deal-1", "ada", Visibility::kAll)) == Ids{"ada", "bob"});
  CHECK(Seen(Access("deal-1", "bob", Visibility::kOwn)) == Ids{"bob"});
  CHECK(Seen(Access("deal-1", "who-left", Visibility::kOwn)).empty());
  CHECK(Seen(Access("deal-1", "", Visibility::kOwn)).empty());
}

TEST_CASE_METHOD(PortalCases, "each case of a client is seen by its own access", "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  REQUIRE(Put("deal-2", "Jones").ok());
  REQUIRE(Put("deal-3", "Nobody's").ok());
  const auto list = handler.ListPortalCases(
      As({Access("deal-1", "ada", Visibility::kAll), Access("deal-2", "bob", Visibility::kOwn),
          Access("gone", "bob", Visibility::kAll)}),
      {});
  REQUIRE(list.ok());
  // By name.
  REQUIRE(list->cases_size() == 2);
  CHECK(list->cases(0).case_id() == "deal-2");
  CHECK(Contacts(list->cases(0)) == Ids{"bob"});
  CHECK(list->cases(0).contact_id() == "bob");
  CHECK(list->cases(1).case_id() == "deal-1");
  CHECK(Contacts(list->cases(1)) == Ids{"ada", "bob"});
}

TEST_CASE_METHOD(PortalCases, "a client knows which contact it is, and the owner's name only",
                 "[service]") {
  pb::PutCaseRequest request = Mirror("deal-1");
  request.mutable_owner()->set_display_name("Olive Owner");
  request.mutable_owner()->set_email("olive@acme.example");
  request.mutable_owner()->set_phone("0412 000 000");
  REQUIRE(handler.PutCase(StaffCall(), request).ok());
  pb::GetPortalCaseRequest get;
  get.set_case_id("deal-1");
  const auto seen = handler.GetPortalCase(As({Access("deal-1", "bob", Visibility::kAll)}), get);
  REQUIRE(seen.ok());
  CHECK(seen->owner_name() == "Olive Owner");
  CHECK_FALSE(seen->contacts(0).self());
  CHECK(seen->contacts(1).self());
  CHECK(seen->DebugString().find("olive@") == std::string::npos);
  CHECK(seen->DebugString().find("0412 000 000") == std::string::npos);
}

TEST_CASE_METHOD(PortalCases, "two accesses to one case show it once, by the first", "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  const auto list = handler.ListPortalCases(
      As({Access("deal-1", "bob", Visibility::kOwn), Access("deal-1", "ada", Visibility::kAll)}),
      {});
  REQUIRE(list->cases_size() == 1);
  CHECK(Contacts(list->cases(0)) == Ids{"bob"});
}

TEST_CASE_METHOD(PortalCases, "a case that is gone, or another organisation's, is not there",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  const CaseAccess access = Access("deal-1", "ada", Visibility::kAll);
  pb::GetPortalCaseRequest get;
  get.set_case_id("deal-1");
  CHECK(ReasonOf(handler.GetPortalCase(As({access}, "other"), get).status()) == "NOT_FOUND");
  CHECK(handler.ListPortalCases(As({access}, "other"), {})->cases_size() == 0);
  CHECK(handler.ListPortalCases(As({}), {})->cases_size() == 0);
  REQUIRE(Delete("deal-1").ok());
  CHECK(ReasonOf(handler.GetPortalCase(As({access}), get).status()) == "NOT_FOUND");
  CHECK(handler.ListPortalCases(As({access}), {})->cases_size() == 0);
}

TEST_CASE_METHOD(PortalCases, "ids that look like pieces of an array open nothing", "[service]") {
  // What array literals are made of.
  for (const char* odd : {"{a}", "a,b", "\"a\"", "a\\b", "NULL"}) {
    INFO(odd);
    CHECK(handler.ListPortalCases(As({Access(odd, odd, Visibility::kAll)}), {})->cases_size() == 0);
  }
}

}  // namespace
}  // namespace gatehouse::cases
