#include "services/cases/bulk/handler.h"

#include "services/cases/pipelines/tests/fixture.h"
#include "services/common/rpc/validate.h"

// Many cases at once, and the end of a full re-synchronisation.

namespace gatehouse::cases {
namespace {

struct BulkFixture : PipelinesFixture {
  BulkPlaces bulk_places{database.postgres(), outbox, facts};
  BulkStore bulk{database.postgres(), outbox, bulk_places};
  BulkHandler bulk_handler{bulk, once};

  static v1::BatchPutCasesRequest Of(const std::vector<pb::PutCaseRequest>& puts) {
    v1::BatchPutCasesRequest request;
    for (const pb::PutCaseRequest& put : puts) {
      REQUIRE(request.add_cases()->ParseFromString(put.SerializeAsString()));
    }
    return request;
  }
  v1::BatchPutCasesResponse PutAll(const std::vector<pb::PutCaseRequest>& puts,
                                   const Call& call = StaffCall()) {
    const auto response = bulk_handler.BatchPutCases(call, Of(puts));
    INFO(response.status().ToString());
    REQUIRE(response.ok());
    REQUIRE(response->results_size() == static_cast<int>(puts.size()));
    return *response;
  }
  static std::string Why(const v1::BatchPutResult& result) { return result.refusal().reason(); }
  absl::StatusOr<v1::DeleteUnputCasesResponse> DeleteUnput(
      const v1::BatchPutCasesResponse& first, bool validate_only, int64_t expected,
      const std::string& organisation_id = "acme") {
    v1::DeleteUnputCasesRequest request;
    *request.mutable_put_before_time() = first.begin_time();
    request.set_validate_only(validate_only);
    request.set_expected_count(expected);
    return bulk_handler.DeleteUnputCases(StaffCall(organisation_id), request);
  }
};

TEST_CASE_METHOD(BulkFixture, "many cases are put as one is, each with its etag", "[service]") {
  std::vector<pb::PutCaseRequest> puts;
  for (int i = 0; i < 250; ++i) puts.push_back(Mirror("deal-" + std::to_string(i)));
  puts[7].mutable_contacts(0)->set_given_name("\"\\<{\n\u20ac\U0001f600'");
  puts[7].mutable_owner()->set_phone("0412 345 678");
  const auto first = PutAll(puts);
  for (int i : {0, 7, 99, 100, 249}) {
    const auto put = Get("deal-" + std::to_string(i));
    REQUIRE(put.ok());
    CHECK(first.results(i).case_id() == put->case_id());
    CHECK(first.results(i).etag() == put->etag());
    CHECK(put->contacts_size() == 2);
    CHECK(put->contacts(0).given_name() == puts[i].contacts(0).given_name());
  }
  CHECK(Get("deal-0", "other").status().code() == absl::StatusCode::kNotFound);
  // By itself a put says the same.
  const auto alone = handler.PutCase(StaffCall(), puts[7]);
  const auto again = PutAll({puts[7]});
  CHECK(std::stoll(again.results(0).etag()) == std::stoll(alone->etag()) + 1);
  CHECK(Get("deal-7")->owner().phone() == "0412 345 678");
  CHECK(Told("FollowCase") == 0);
}

TEST_CASE_METHOD(BulkFixture, "a case that is refused does not spoil the others", "[service]") {
  const auto known = Put("known", "Smith");
  pb::PutCaseRequest bad_id = Mirror("not an id"), twice = Mirror("twice"), stale = Mirror("known"),
                     nowhere = Mirror("nowhere"), absent = Mirror("absent"),
                     long_name = Mirror("long");
  *twice.add_contacts() = twice.contacts(0);
  stale.set_etag("1");
  nowhere.mutable_state()->set_state_id("lead");
  absent.set_etag("5");
  long_name.set_display_name(std::string(1001, 'x'));
  const auto response = PutAll({bad_id, Mirror("good"), twice, stale, nowhere, absent, long_name,
                                Mirror("good"), Mirror("better")});
  CHECK(Why(response.results(0)) == "INVALID_REQUEST");
  CHECK(response.results(0).refusal().violations(0).field() == "case_id");
  CHECK(Why(response.results(1)).empty());
  CHECK(Why(response.results(2)) == "INVALID_REQUEST");
  CHECK(Why(response.results(3)) == "ETAG_MISMATCH");
  CHECK(Why(response.results(4)) == "NOT_IN_PIPELINE");
  CHECK(Why(response.results(5)) == "ETAG_MISMATCH");
  CHECK(response.results(6).refusal().violations(0).field() == "display_name");
  CHECK(Why(response.results(7)) == "INVALID_REQUEST");
  CHECK(Why(response.results(8)).empty());
  CHECK((Get("good").ok() && Get("better").ok()));
  CHECK(Get("known")->etag() == known->etag());
  for (const char* refused : {"twice", "nowhere", "absent", "long"}) {
    CHECK(ReasonOf(Get(refused).status()) == "NOT_FOUND");
  }
}

TEST_CASE_METHOD(BulkFixture, "an etag that is the current one puts, once", "[service]") {
  pb::PutCaseRequest put = Mirror("deal-1");
  put.set_etag(Put("deal-1", "Smith")->etag());
  put.set_display_name("Jones");
  const auto response = PutAll({put});
  CHECK(response.results(0).etag() == Get("deal-1")->etag());
  CHECK(Get("deal-1")->display_name() == "Jones");
  CHECK(Why(PutAll({put}).results(0)) == "ETAG_MISMATCH");
}

TEST_CASE_METHOD(BulkFixture, "invitations hear of those whom a batch concerns, and of no other",
                 "[service]") {
  std::vector<pb::PutCaseRequest> puts = {Mirror("a"), Mirror("b"), Mirror("c"), Mirror("d")};
  PutAll(puts);
  puts[1].mutable_contacts()->RemoveLast();
  puts[2].mutable_contacts(0)->set_mobile("0499 999 999");
  puts[3].set_display_name("Another");
  PutAll(puts);
  CHECK(Told("FollowCase") == 2);
  CHECK(Get("b")->contacts_size() == 1);
  CHECK(Get("c")->contacts(0).mobile() == "0499 999 999");
}

TEST_CASE_METHOD(BulkFixture, "cases of a batch begin and move in their pipelines", "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  for (const char* id : {"moves", "stays", "strays"}) REQUIRE(PutAt(id, "").ok());
  const auto at = [](const char* case_id, const char* state_id) {
    pb::PutCaseRequest put = Mirror(case_id);
    put.set_kind("installation");
    if (*state_id != 0) put.mutable_state()->set_state_id(state_id);
    return put;
  };
  const int told = Told("PublishEvent");
  const auto response = PutAll({at("new", ""), at("unknown", "no-such-state"),
                                at("further", "offer"), at("moves", "drawing"), at("stays", "lead"),
                                at("strays", "done"), Mirror("outside")});
  CHECK(Why(response.results(1)) == "STATE_UNKNOWN");
  CHECK(ReasonOf(Get("unknown").status()) == "NOT_FOUND");
  CHECK(Why(response.results(5)) == "MOVE_UNKNOWN");
  CHECK(Stands("new") == "lead");
  CHECK(Stands("further") == "offer");
  CHECK(Stands("moves") == "drawing");
  CHECK(Stands("stays") == "lead");
  CHECK(Stands("strays") == "lead");
  CHECK_FALSE(Get("outside")->has_state());
  CHECK(Told("PublishEvent") == told + 3);
  v1::ListCaseMovesRequest moves;
  moves.set_case_id("moves");
  const auto listed = pipelines.ListCaseMoves(StaffCall(), moves);
  REQUIRE(listed.ok());
  CHECK(listed->moves(0).from_state_id() == "lead");
  CHECK(listed->moves(0).actor_name() == "Sam Staff");
  CHECK(listed->moves(0).number() == 2);
}

TEST_CASE("a case of a batch is what a put is", "[unit]") {
  const auto& alone = *v1::PutCaseRequest::descriptor();
  const auto& of_batch = *v1::BatchPutCase::descriptor();
  REQUIRE(of_batch.field_count() == alone.field_count());
  for (int i = 0; i < alone.field_count(); ++i) {
    // Number, name, type and rules.
    CHECK(of_batch.field(i)->DebugString() == alone.field(i)->DebugString());
  }
}

TEST_CASE("a batch judges its cases one by one, and counts them before", "[unit]") {
  v1::BatchPutCasesRequest request;
  CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
  request.add_cases();
  CHECK(Validate(request).ok());
  for (int i = 1; i < 1000; ++i) request.add_cases();
  CHECK(Validate(request).ok());
  request.add_cases();
  CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(BulkFixture, "what a re-synchronisation did not put is deleted, tried out first",
                 "[service]") {
  REQUIRE(Put("gone-1", "Smith").ok());
  REQUIRE(Put("gone-2", "Smith").ok());
  REQUIRE(Put("stays", "Smith").ok());
  REQUIRE(Put("gone-3", "Smith", "", StaffCall("other")).ok());
  const auto first = PutAll({Mirror("stays"), Mirror("new")});
  // What a client changes is no put.
  REQUIRE(case_file.Touch("acme", "gone-1", "").ok());
  const auto tried = DeleteUnput(first, true, 0);
  REQUIRE(tried.ok());
  CHECK(tried->count() == 2);
  REQUIRE(tried->case_ids_size() == 2);
  CHECK(tried->case_ids(0) == "gone-1");
  CHECK(Get("gone-1").ok());
  const auto wrong = DeleteUnput(first, false, 3);
  CHECK(ReasonOf(wrong.status()) == "UNPUT_COUNT_CHANGED");
  CHECK(FactsOf(wrong.status())["count"] == "2");
  CHECK(Get("gone-1").ok());
  const auto deleted = DeleteUnput(first, false, 2);
  REQUIRE(deleted.ok());
  CHECK(deleted->count() == 0);
  CHECK(deleted->case_ids_size() == 2);
  CHECK(ReasonOf(Get("gone-1").status()) == "NOT_FOUND");
  CHECK((Get("stays").ok() && Get("new").ok() && Get("gone-3", "other").ok()));
  CHECK(Told("FollowCase") == 2);
  CHECK(Told("RemoveCase") == 4);
  CHECK(Delete("gone-1").ok());
  CHECK(DeleteUnput(first, false, 0)->case_ids().empty());
  CHECK(ReasonOf(DeleteUnput(first, false, 0, "other").status()) == "UNPUT_COUNT_CHANGED");
}

}  // namespace
}  // namespace gatehouse::cases
