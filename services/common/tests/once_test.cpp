#include "services/common/postgres/once.h"
#include "gatehouse/common/v1/reasons.pb.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "services/common/base/random.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

using cases::v1::CreateNoteRequest;
using cases::v1::Note;

const std::vector<Migration> kNotes = {{"0002_notes.sql", R"(
  CREATE TABLE note (organisation_id text, note_id text PRIMARY KEY, text text))"}};

CreateNoteRequest Request(const std::string& request_id, const std::string& text = "Hello",
                          const std::string& case_id = "c1") {
  CreateNoteRequest request;
  request.set_case_id(case_id);
  request.set_text(text);
  request.set_request_id(request_id);
  return request;
}

// A service that writes notes, as a handler and its store do.
class Notes {
 public:
  absl::StatusOr<Note> Create(const Call& call, const CreateNoteRequest& request) {
    return once_.Run(call, request, [&]() -> absl::StatusOr<Note> {
      ++runs_;
      Note note;
      note.set_note_id(NewId("note"));
      note.set_text(request.text());
      RETURN_IF_ERROR(Add(call.caller.organisation_id, note));
      if (refuses_) return Refuse(common::v1::NOT_FOUND, "no such case");
      return note;
    });
  }
  absl::Status Add(const std::string& organisation_id, const Note& note) {
    return postgres().WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
      tx.Exec("INSERT INTO note VALUES ($1, $2, $3)", organisation_id, note.note_id(), note.text());
      return absl::OkStatus();
    });
  }
  int Kept() { return database_.Exec("SELECT count(*) FROM note")[0][0].as<int>(); }
  int Remembered() { return database_.Exec("SELECT count(*) FROM once")[0][0].as<int>(); }
  Postgres& postgres() { return database_.postgres(); }

  TestDatabase database_{"probe", WithCommon(kNotes)};
  Once once_{postgres(), Secret(std::string(32, 'k'))};
  std::atomic<int> runs_ = 0;
  bool refuses_ = false;
};

TEST_CASE("a repeat under the same request id gets the first answer", "[service]") {
  Notes notes;
  const auto first = notes.Create(StaffCall(), Request("r1"));
  const auto again = notes.Create(StaffCall(), Request("r1"));
  REQUIRE(first.ok());
  REQUIRE(again.ok());
  CHECK(again->note_id() == first->note_id());
  CHECK(notes.Kept() == 1);
  CHECK(notes.runs_ == 1);
}

TEST_CASE("a request without a request id happens each time", "[service]") {
  Notes notes;
  REQUIRE(notes.Create(StaffCall(), Request("")).ok());
  REQUIRE(notes.Create(StaffCall(), Request("")).ok());
  CHECK(notes.Kept() == 2);
  CHECK(notes.Remembered() == 0);
}

TEST_CASE("a request id that stands for another request is refused by name", "[service]") {
  Notes notes;
  REQUIRE(notes.Create(StaffCall(), Request("r1")).ok());
  const auto other_text = notes.Create(StaffCall(), Request("r1", "Bye")).status();
  CHECK(other_text.code() == absl::StatusCode::kAlreadyExists);
  CHECK(ReasonOf(other_text) == "REQUEST_ID_REUSED");
  CHECK(ReasonOf(notes.Create(StaffCall(), Request("r1", "Hello", "c2")).status()) ==
        "REQUEST_ID_REUSED");

  cases::v1::AddNoteRequest other_rpc;
  other_rpc.set_request_id("r1");
  other_rpc.set_case_id("c1");
  other_rpc.set_text("Hello");
  const auto elsewhere =
      notes.once_.Run(StaffCall(), other_rpc, []() -> absl::StatusOr<Note> { return Note(); });
  CHECK(ReasonOf(elsewhere.status()) == "REQUEST_ID_REUSED");
  CHECK(notes.Kept() == 1);
}

TEST_CASE("callers do not meet in their request ids", "[service]") {
  Notes notes;
  Call token = StaffCall();
  token.caller.credential_id = "tok_1";
  token.caller.ancestors = {"key_1"};
  token.caller.actor_id = "sam";
  Call other_key = StaffCall();
  other_key.caller.credential_id = "key_2";
  Call other_contact = ClientCall({.case_id = "c1", .contact_id = "con_2"});
  const std::vector<Call> callers = {
      StaffCall(),  StaffCall("other"), token,
      other_key,    ServiceCall(),      ClientCall({.case_id = "c1", .contact_id = "con_1"}),
      other_contact};
  std::set<std::string> ids;
  for (const Call& call : callers) {
    const auto made = notes.Create(call, Request("r1", call.caller.actor_id));
    REQUIRE(made.ok());
    ids.insert(made->note_id());
  }
  CHECK(ids.size() == callers.size());

  SECTION("a later session of the same client, or token of the same actor, is the same caller") {
    Call later = other_contact;
    later.caller.credential_id = "ses_2";
    CHECK(ids.count(notes.Create(later, Request("r1", later.caller.actor_id))->note_id()) == 1);
    token.caller.credential_id = "tok_2";
    CHECK(ids.count(notes.Create(token, Request("r1", token.caller.actor_id))->note_id()) == 1);
  }
}

TEST_CASE("a refusal is not remembered, and leaves nothing behind", "[service]") {
  Notes notes;
  notes.refuses_ = true;
  CHECK(ReasonOf(notes.Create(StaffCall(), Request("r1")).status()) == "NOT_FOUND");
  CHECK(notes.Kept() == 0);
  CHECK(notes.Remembered() == 0);
  notes.refuses_ = false;
  CHECK(notes.Create(StaffCall(), Request("r1")).ok());
  CHECK(notes.Kept() == 1);
}

TEST_CASE("what changes nothing is not remembered", "[service]") {
  Notes notes;
  const auto only_looks = [&] {
    return notes.once_.Run(StaffCall(), Request("r1"),
                           []() -> absl::StatusOr<Note> { return Note(); });
  };
  REQUIRE(only_looks().ok());
  CHECK(notes.Remembered() == 0);
  CHECK(notes.Create(StaffCall(), Request("r1", "Another")).ok());
}

TEST_CASE("of duplicates at once one happens, and all get its answer", "[service]") {
  Notes notes;
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) {
    threads.emplace_back([&] {
      const auto made = notes.Create(StaffCall(), Request("r1"));
      id = made.ok() ? made->note_id() : made.status().ToString();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 1);
  CHECK(notes.Kept() == 1);
}

TEST_CASE("of two different requests at once under one id the second is refused", "[service]") {
  Notes notes;
  std::atomic<int> done = 0, reused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto made = notes.Create(StaffCall(), Request("r1", std::to_string(i)));
      if (made.ok()) ++done;
      if (ReasonOf(made.status()) == "REQUEST_ID_REUSED") ++reused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 1);
  CHECK(reused == 5);
}

TEST_CASE("several writes under one request id are one transaction", "[service]") {
  Notes notes;
  const auto twice = [&](bool fails) {
    return notes.once_.Run(StaffCall(), Request("r1"), [&]() -> absl::StatusOr<Note> {
      Note note;
      note.set_note_id("n1");
      RETURN_IF_ERROR(notes.Add("acme", note));
      // A note of the same id: the database refuses it.
      if (!fails) note.set_note_id("n2");
      RETURN_IF_ERROR(notes.Add("acme", note));
      return note;
    });
  };
  CHECK_FALSE(twice(true).ok());
  CHECK(notes.Kept() == 0);
  CHECK(twice(false).ok());
  CHECK(notes.Kept() == 2);
}

TEST_CASE("an answer rests sealed, and only its own row opens it", "[service]") {
  Notes notes;
  REQUIRE(notes.Create(StaffCall(), Request("r1", "a secret link")).ok());
  REQUIRE(notes.Create(StaffCall(), Request("r2", "a secret link")).ok());
  CHECK(notes.database_
            .Exec("SELECT count(*) FROM once WHERE position('secret'::bytea IN "
                  "response) > 0")[0][0]
            .as<int>() == 0);
  notes.database_.Exec(
      "UPDATE once SET response = (SELECT response FROM once WHERE request_id = 'r2') "
      "WHERE request_id = 'r1'");
  CHECK_FALSE(notes.Create(StaffCall(), Request("r1", "a secret link")).ok());
}

TEST_CASE("an operator's request id stands beside every organisation's", "[service]") {
  Notes notes;
  Call call;
  call.caller.kind = CallerKind::kOperator;
  call.deadline = absl::Now() + absl::Seconds(30);
  const auto create = [&] {
    return notes.once_.Run(call, Request("r1"), [&]() -> absl::StatusOr<Note> {
      Note note;
      note.set_note_id(NewId("note"));
      RETURN_IF_ERROR(notes.Add("a new one", note));
      return note;
    });
  };
  const auto first = create(), again = create();
  REQUIRE(first.ok());
  REQUIRE(again.ok());
  CHECK(first->note_id() == again->note_id());
}

}  // namespace
}  // namespace gatehouse
