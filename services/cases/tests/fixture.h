#pragma once

#include <catch2/catch.hpp>

#include "services/cases/factfind/case_facts.h"
#include "services/cases/handler.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/store/postgres_store.h"
#include "services/common/base/random.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::cases {

extern const std::vector<Migration> kMigrations;

// Where no pipeline has conditions.
struct NoFacts : CaseFacts {
  absl::StatusOr<std::map<std::string, Facts>> Of(const std::string&,
                                                  const std::vector<std::string>&,
                                                  const Conditions&) override {
    return std::map<std::string, Facts>();
  }
  absl::StatusOr<std::vector<std::optional<FieldViolation>>> MistakesIn(
      const std::string&, const Conditions& conditions) override {
    return std::vector<std::optional<FieldViolation>>(conditions.size());
  }
};

struct Fixture {
  TestDatabase database{"cases", WithCommon(kMigrations)};
  // Nobody is there to be told: what is to be told stays in the outbox, where the test looks.
  Outbox outbox{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  CaseFile case_file{database.postgres()};
  FlowStore flow_store{database.postgres()};
  FactFindStore find_store{database.postgres(), outbox, case_file};
  FactFindFacts facts{flow_store, find_store};
  PlaceStore places{database.postgres(), outbox, case_file, facts};
  PostgresStore store{database.postgres(), outbox, places};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  Settings<PortalSettings> settings{database.postgres(), outbox};
  const PortalGate gate{settings};
  Handler handler{store, places, gate, once};

  // A case with Ada and Bob.
  static pb::PutCaseRequest Mirror(const std::string& case_id, const std::string& name = "Smith") {
    pb::PutCaseRequest request;
    request.set_case_id(case_id);
    request.set_display_name(name);
    for (const char* id : {"ada", "bob"}) {
      pb::Contact& contact = *request.add_contacts();
      contact.set_contact_id(id);
      contact.set_given_name(id);
      contact.set_mobile("0412 345 678");
    }
    return request;
  }
  absl::StatusOr<pb::Case> Put(const std::string& case_id, const std::string& name,
                               const std::string& etag = "", const Call& call = StaffCall()) {
    pb::PutCaseRequest request = Mirror(case_id, name);
    request.set_etag(etag);
    return handler.PutCase(call, request);
  }
  absl::StatusOr<pb::Case> Get(const std::string& case_id,
                               const std::string& organisation_id = "acme") {
    pb::GetCaseRequest request;
    request.set_case_id(case_id);
    return handler.GetCase(StaffCall(organisation_id), request);
  }
  absl::Status Delete(const std::string& case_id, const std::string& organisation_id = "acme") {
    pb::DeleteCaseRequest request;
    request.set_case_id(case_id);
    return handler.DeleteCase(StaffCall(organisation_id), request).status();
  }
  // How many calls of an RPC wait to be delivered.
  int Told(const std::string& method) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%/" + method + "'")[0][0]
        .as<int>();
  }
};

}  // namespace gatehouse::cases
