#include "services/notification/preferences/domain/notices.h"

#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/notification/preferences/preferences_handler.h"
#include "services/notification/preferences/tests/known_directories.h"
#include "services/notification/templates/domain/kinds.h"
#include "services/notification/templates/domain/render.h"

namespace gatehouse::notification {
namespace {

const Actions& SomeActions() {
  static const Actions actions({{"incident.replied", true},
                                {"document.uploaded", true},
                                {"document.shared", true},
                                {"documentRequest.accepted", true},
                                {"case.moved", false},
                                {"something.newlyDeclared", true}});
  return actions;
}

struct Noticing {
  const MirroredCase mirrored = DealOf("deal-1");
  const OrganisationProfile organisation = {"Acme", "https://p.acme.example"};
  const Scene scene = {mirrored, organisation};
  Event event = {.event_id = "evt_1",
                 .type = "incident.replied",
                 .case_id = "deal-1",
                 .time = absl::UnixEpoch(),
                 .data = {{"contactId", "ada"}}};

  std::vector<Notice> Clients(ClientChoice choice) const {
    const ClientAction& action = *SomeActions().FindForClients(event.type);
    return NoticesForClients(action, choice, event, scene);
  }
  // Each notice as `kind>recipient`, its further ways behind a bar.
  std::string Sent(ClientDelivery delivery, std::vector<std::string> roles = {}) const {
    std::string sent;
    for (const Notice& notice : Clients({.delivery = delivery, .roles = std::move(roles)})) {
      for (const Way& way : notice.ways) sent += way.kind + ">" + way.recipient + "|";
      sent += ";";
    }
    return sent;
  }
};

const char kMail[] = "event-for-client>ada@example.com|";
const char kSms[] = "event-for-client-by-sms>+61412345678|";

TEST_CASE_METHOD(Noticing, "a client is told by e-mail, by SMS, by both or not at all [S2-11]",
                 "[unit]") {
  CHECK(Sent(ClientDelivery::kEmail) == std::string(kMail) + ";");
  CHECK(Sent(ClientDelivery::kBoth) == std::string(kMail) + ";" + kSms + ";");
  CHECK(Sent(ClientDelivery::kNone).empty());
  // What cannot go by SMS goes by e-mail.
  CHECK(Sent(ClientDelivery::kSms) == std::string(kSms) + kMail + ";");
}

TEST_CASE_METHOD(Noticing, "only clients of the chosen roles are told [S2-10]", "[unit]") {
  CHECK(Sent(ClientDelivery::kEmail, {"APPLICANT"}).empty());
  CHECK(Sent(ClientDelivery::kEmail, {"APPLICANT", "PRIMARY_APPLICANT"}) ==
        std::string(kMail) + ";");
}

TEST_CASE_METHOD(Noticing, "nobody is told of what they did themselves", "[unit]") {
  event.data["byContactId"] = "ada";
  CHECK(Sent(ClientDelivery::kEmail).empty());
  event.data["byContactId"] = "bob";
  CHECK(Sent(ClientDelivery::kEmail) == std::string(kMail) + ";");
}

TEST_CASE_METHOD(Noticing, "what names no contact is for all who were invited, or for nobody",
                 "[unit]") {
  event.data.clear();
  CHECK(Sent(ClientDelivery::kEmail).empty());
  event.type = "documentRequest.accepted";
  CHECK(Sent(ClientDelivery::kEmail) ==
        "event-for-client>ada@example.com|;event-for-client>bob@example.com|;");
  event.data["contactId"] = "carol";  // She has no access.
  CHECK(Sent(ClientDelivery::kEmail).empty());
  event.data["contactId"] = "gone";
  CHECK(Sent(ClientDelivery::kEmail).empty());
}

TEST_CASE_METHOD(Noticing, "each person and each channel has an id of its own", "[unit]") {
  const auto notices = Clients({.delivery = ClientDelivery::kBoth});
  REQUIRE(notices.size() == 2);
  CHECK(notices[0].request_id == "evt_1:client:ada");
  CHECK(notices[1].request_id == "evt_1:client:ada:sms");
}

TEST_CASE_METHOD(Noticing, "the owner is told by e-mail or SMS, with the client's name [X-8]",
                 "[unit]") {
  event.type = "document.uploaded";
  const StaffAction& action = *SomeActions().FindForStaff(event.type);
  const Notice mail = NoticeForOwner(action, {StaffDelivery::kAtOnce, "tpl_1", ""}, event, scene);
  REQUIRE(mail.ways.size() == 1);
  CHECK(mail.ways[0].recipient == "olive@example.com");
  CHECK(mail.ways[0].template_id == "tpl_1");
  CHECK(mail.values.at("event") == "Ada Lovelace handed in a document");
  const Notice sms = NoticeForOwner(action, {StaffDelivery::kSms, "", ""}, event, scene);
  REQUIRE(sms.ways.size() == 2);
  CHECK(sms.ways[0].recipient == "+61290000000");
  CHECK(sms.ways[1].recipient == "olive@example.com");
}

TEST_CASE_METHOD(Noticing, "staff are not told of what staff did", "[unit]") {
  event.type = "document.uploaded";
  const StaffAction& action = *SomeActions().FindForStaff(event.type);
  CHECK(Concerns(action, event));
  event.data.clear();
  CHECK_FALSE(Concerns(action, event));
  CHECK(Sentence(action, event, mirrored) == "A client handed in a document");
}

TEST_CASE_METHOD(Noticing, "every notice can be rendered by its kind", "[unit]") {
  const auto check = [](const Notice& notice) {
    for (const Way& way : notice.ways) {
      const Kind* const kind = FindKind(way.kind);
      REQUIRE(kind != nullptr);
      CHECK(Render(*kind, {}, kind->text, notice.values).ok());
    }
  };
  for (const ClientAction& action : SomeActions().for_clients()) {
    if (action.says.empty()) continue;
    event.type = action.name;
    for (const Notice& notice : Clients({.delivery = ClientDelivery::kBoth})) check(notice);
  }
  for (const StaffAction& action : SomeActions().for_staff()) {
    event.type = action.event;
    check(NoticeForOwner(action, {StaffDelivery::kSms, "", ""}, event, scene));
  }
}

TEST_CASE("offers and visits are told in words of their own, to clients and to staff", "[unit]") {
  const Actions actions = DeclaredActions();
  CHECK(actions.FindForClients("offer.shared")->says == "There is an offer for you");
  CHECK(actions.FindForStaff("offer.accepted")->says == "{who} accepted an offer");
  for (const ClientAction& action : actions.for_clients()) {
    if (action.name.rfind("offer.", 0) != 0 && action.name.rfind("visit.", 0) != 0) continue;
    INFO(action.name);
    CHECK(action.says != "There is something new for you");
    // What nobody wrote words for has the event's name for its words, in lower case.
    const char first = actions.FindForStaff(action.name)->says.at(0);
    CHECK((first == '{' || (first >= 'A' && first <= 'Z')));
  }
}

TEST_CASE_METHOD(Noticing, "a visit or an offer to nobody in particular is everybody's", "[unit]") {
  const Actions actions = DeclaredActions();
  event.data.clear();
  for (const char* type : {"offer.shared", "offer.withdrawn", "offer.closed", "visit.arranged",
                           "visit.rescheduled", "visit.cancelled"}) {
    INFO(type);
    const ClientAction& action = *actions.FindForClients(type);
    CHECK(NoticesForClients(action, {.delivery = ClientDelivery::kEmail}, event, scene).size() ==
          2);
  }
}

TEST_CASE("an event that is declared later can be told at once", "[unit]") {
  const ClientAction* const client = SomeActions().FindForClients("something.newlyDeclared");
  REQUIRE(client != nullptr);
  CHECK(client->by_default == ClientDelivery::kNone);
  CHECK(client->says == "There is something new for you");
  const StaffAction* const staff = SomeActions().FindForStaff("something.newlyDeclared");
  REQUIRE(staff != nullptr);
  CHECK(staff->by_default == StaffDelivery::kNone);
  CHECK(staff->says == "something newly declared");
}

TEST_CASE("what clients hear of by an action of its own is no second one", "[unit]") {
  CHECK(SomeActions().FindForClients("document.shared") == nullptr);
  CHECK(SomeActions().FindForClients("documents-shared") != nullptr);
  CHECK(SomeActions().FindForClients("signature.requested") == nullptr);
  CHECK(SomeActions().FindForClients("signature-wanted") != nullptr);
  CHECK(SomeActions().FindForClients("case.moved") == nullptr);
  CHECK(SomeActions().FindForStaff("document.shared") != nullptr);
}

TEST_CASE("every action's messages are there, by the channel that they say", "[unit]") {
  for (const ClientAction& action : SomeActions().for_clients()) {
    INFO(action.name);
    CHECK_FALSE((action.email_kind.empty() && action.sms_kind.empty()));
    if (!action.email_kind.empty()) {
      REQUIRE(FindKind(action.email_kind) != nullptr);
      CHECK(FindKind(action.email_kind)->channel == Channel::kEmail);
    }
    if (!action.sms_kind.empty()) {
      REQUIRE(FindKind(action.sms_kind) != nullptr);
      CHECK(FindKind(action.sms_kind)->channel == Channel::kSms);
    }
  }
  CHECK(SomeActions().FindForKind("sign-in-code-by-email")->name == "login-code");
  CHECK(SomeActions().FindForKind("event-for-client") == nullptr);
}

std::string Why(const Preferences& preferences) {
  return ReasonOf(Check(SomeActions(), preferences));
}

TEST_CASE("what must go out cannot be turned off, or sent by another channel", "[unit]") {
  for (const char* name :
       {"invitation", "login-code", "sign-in-code", "mobile-changed", "recovery-codes-made"}) {
    INFO(name);
    Preferences preferences;
    ClientChoice& choice = preferences.for_clients[name];
    choice.email_template_id = "tpl_1";
    CHECK(Why(preferences).empty());
    choice.delivery = ClientDelivery::kNone;
    CHECK(Why(preferences) == "ACTION_REQUIRED");
    CHECK(FactsOf(Check(SomeActions(), preferences))["action"] == name);
    choice.delivery = ClientDelivery::kBoth;
    CHECK(Why(preferences) == "ACTION_REQUIRED");
    choice.delivery = ClientDelivery::kByDefault;
    CHECK(Why(preferences).empty());
    choice.roles = {"APPLICANT"};
    CHECK(Why(preferences) == "ACTION_REQUIRED");
  }
}

TEST_CASE("an action that there is not is refused by name", "[unit]") {
  Preferences preferences;
  preferences.for_clients["case.moved"] = {};
  CHECK(Why(preferences) == "UNKNOWN_ACTION");
  preferences = {};
  preferences.for_staff["documents-wanted"] = {};
  CHECK(Why(preferences) == "UNKNOWN_ACTION");
  CHECK(FactsOf(Check(SomeActions(), preferences))["action"] == "documents-wanted");
}

TEST_CASE("a summary is by case and in order, as long as it may be", "[unit]") {
  const auto at = [](int minute) { return absl::UnixEpoch() + absl::Minutes(minute); };
  const std::vector<SummaryLine> lines = {
      {"B", "third", at(3)}, {"A", "second", at(2)}, {"B", "first", at(1)}};
  CHECK(TextOf(lines, absl::UTCTimeZone(), 9) ==
        "A\n- Thu 00:02  second\n\nB\n- Thu 00:01  first\n- Thu 00:03  third\n");
  CHECK(TextOf(lines, absl::UTCTimeZone(), 1) == "A\n- Thu 00:02  second\n\n- and 2 more\n");
  CHECK(TextOf({}, absl::UTCTimeZone(), 1).empty());
}

}  // namespace
}  // namespace gatehouse::notification
