#include "services/documents/signing/domain/signature_request.h"

#include "services/documents/previews/tests/pictures.h"
#include "services/documents/requests/domain/reminders.h"
#include "services/documents/signing/domain/signature_notices.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

const absl::TimeZone kZone = absl::UTCTimeZone();
const absl::Time kNoon = absl::FromCivil(absl::CivilHour(2027, 6, 1, 12), kZone);
const Device kDevice = {"192.0.2.7", "Browser/1"};
constexpr absl::Duration kDay = absl::Hours(24);

SignatureRequest Wanted(bool in_order = false) {
  return {.organisation_id = "acme",
          .signature_request_id = "sig_1",
          .case_id = "deal-1",
          .document_id = "doc_1",
          .title = "The offer",
          .sha256 = "abc",
          .in_order = in_order,
          .sender_name = "Sam Staff",
          .create_time = kNoon,
          .expire_time = kNoon + 30 * kDay,
          .signers = {{.contact_id = "ada", .name = "Ada"}, {.contact_id = "bob", .name = "Bob"}}};
}

std::vector<std::string> TypesOf(const SignatureChange& change) {
  std::vector<std::string> types;
  for (const SignatureEvent& event : change.events) {
    types.push_back(event.contact_id.empty() ? event.type : event.type + " " + event.contact_id);
  }
  return types;
}
using Types = std::vector<std::string>;

// By who has read and consented.
SignatureStep ReadAndSigned(SignatureRequest request, const std::string& contact_id,
                            absl::Time now = kNoon) {
  ASSIGN_OR_RETURN(const auto seen, Seen(std::move(request), contact_id, kDevice, now));
  ASSIGN_OR_RETURN(const auto agreed, Consented(seen.request, contact_id, "abc", kDevice, now));
  return Signed(agreed.request, contact_id, {.autograph = {"A Name", ""}},
                {.masked_mobile = "•••• ••5 678"}, kDevice, now);
}

TEST_CASE("at once all are asked, in order one after the other", "[unit]") {
  CHECK(TypesOf(Sent(Wanted(), kNoon)) == Types{"sent", "asked ada", "asked bob"});
  const SignatureChange sent = Sent(Wanted(true), kNoon);
  CHECK(TypesOf(sent) == Types{"sent", "asked ada"});
  CHECK(ReasonOf(Seen(sent.request, "bob", kDevice, kNoon).status()) == "NOT_FOUND");
  const auto first = ReadAndSigned(sent.request, "ada");
  REQUIRE(first.ok());
  CHECK(TypesOf(*first) == Types{"signed ada", "asked bob"});
  const auto second = ReadAndSigned(first->request, "bob");
  REQUIRE(second.ok());
  CHECK(TypesOf(*second) == Types{"signed bob", "completed"});
  CHECK(second->request.state == SignatureState::kSigned);
  CHECK(second->request.end_time == kNoon);
}

TEST_CASE("nobody signs what it has not read and agreed to, as it was sent", "[unit]") {
  const SignatureRequest request = Sent(Wanted(), kNoon).request;
  CHECK(ReasonOf(Consented(request, "ada", "abc", kDevice, kNoon).status()) ==
        "SIGNATURE_NOT_READ");
  const auto seen = Seen(request, "ada", kDevice, kNoon);
  REQUIRE(seen.ok());
  CHECK(ReasonOf(Consented(seen->request, "ada", "other", kDevice, kNoon).status()) ==
        "SIGNATURE_NOT_READ");
  CHECK(ReasonOf(CheckMaySign(seen->request, "ada", kNoon)) == "SIGNATURE_NOT_READ");
  CHECK(ReasonOf(Signed(seen->request, "ada", {.autograph = {"Ada", ""}}, {}, kDevice, kNoon)
                     .status()) == "SIGNATURE_NOT_READ");
  const auto agreed = Consented(seen->request, "ada", "abc", kDevice, kNoon);
  REQUIRE(agreed.ok());
  CHECK(CheckMaySign(agreed->request, "ada", kNoon).ok());
  // Bob has read nothing by that.
  CHECK(ReasonOf(CheckMaySign(agreed->request, "bob", kNoon)) == "SIGNATURE_NOT_READ");
  CHECK(ReasonOf(CheckMaySign(agreed->request, "eve", kNoon)) == "NOT_FOUND");
}

TEST_CASE("a step that is taken again changes nothing", "[unit]") {
  SignatureRequest request = Sent(Wanted(), kNoon).request;
  request = Seen(request, "ada", kDevice, kNoon)->request;
  CHECK(Seen(request, "ada", kDevice, kNoon + kDay)->events.empty());
  request = Consented(request, "ada", "abc", kDevice, kNoon)->request;
  CHECK(Consented(request, "ada", "abc", kDevice, kNoon + kDay)->events.empty());
  request =
      Signed(request, "ada", {.autograph = {"Ada", ""}}, {.masked_mobile = "m"}, kDevice, kNoon)
          ->request;
  const auto again = Signed(request, "ada", {.autograph = {"Other", ""}}, {.masked_mobile = "n"},
                            kDevice, kNoon + kDay);
  CHECK(again->events.empty());
  CHECK(again->request.signers[0].typed_name == "Ada");
  CHECK(again->request.signers[0].sign_time == kNoon);
  SECTION("also once it has ended") {
    const auto declined = Declined(request, "bob", "no", kDevice, kNoon);
    CHECK(Declined(declined->request, "bob", "never", kDevice, kNoon)->events.empty());
    CHECK(Signed(declined->request, "ada", {.autograph = {"A", ""}}, {}, kDevice, kNoon)
              ->events.empty());
    const auto voided = Voided(request, "mistake", "Sam", kNoon);
    CHECK(Voided(voided->request, "other", "Sam", kNoon)->events.empty());
  }
}

TEST_CASE("one who declines after another has signed ends it for all", "[unit]") {
  const SignatureRequest request = ReadAndSigned(Sent(Wanted(), kNoon).request, "ada")->request;
  const auto declined = Declined(request, "bob", "The price is wrong", kDevice, kNoon);
  REQUIRE(declined.ok());
  CHECK(declined->request.state == SignatureState::kDeclined);
  CHECK(declined->request.end_reason == "The price is wrong");
  CHECK(ReasonOf(Voided(declined->request, "x", "Sam", kNoon).status()) ==
        "SIGNATURE_REQUEST_ENDED");
  CHECK(ReasonOf(Declined(request, "ada", "x", kDevice, kNoon).status()) == "SIGNATURE_NOT_DUE");
  const auto notices = NoticesOf(*declined);
  REQUIRE(notices.size() == 2);
  CHECK(notices[0].action == "signature-told");
  CHECK(notices[0].contact_id == "ada");
  CHECK(notices[0].words == "Bob will not sign The offer: The price is wrong");
}

TEST_CASE("it can be signed the second before it expires, and not at that", "[unit]") {
  const SignatureRequest request = Sent(Wanted(), kNoon).request;
  CHECK(ReadAndSigned(request, "ada", request.expire_time - absl::Seconds(1)).ok());
  CHECK(ReasonOf(ReadAndSigned(request, "ada", request.expire_time).status()) ==
        "SIGNATURE_REQUEST_ENDED");
  // It may be read all the same.
  CHECK(Seen(request, "ada", kDevice, request.expire_time).ok());
  const SignatureChange expired = LookedAt(request, kZone, request.expire_time);
  CHECK(TypesOf(expired) == Types{"expired"});
  CHECK(LookedAt(expired.request, kZone, request.expire_time).events.empty());
}

TEST_CASE("signers are reminded after five days and then every two, five times", "[unit]") {
  SignatureRequest request = ReadAndSigned(Sent(Wanted(), kNoon).request, "bob")->request;
  std::vector<int64_t> days;
  absl::Time now = kNoon;
  while ((now = NextLook(request, kZone, now)) < request.expire_time) {
    const SignatureChange change = LookedAt(request, kZone, now);
    CHECK(TypesOf(change) == Types{"reminded ada"});
    days.push_back((now - kNoon) / kDay);
    request = change.request;
  }
  CHECK(days == std::vector<int64_t>{5, 7, 9, 11, 13});
  CHECK(now == request.expire_time);
  CHECK(NextLook(LookedAt(request, kZone, now).request, kZone, now) == absl::InfiniteFuture());
}

TEST_CASE("nobody is reminded at night, nor of what was missed", "[unit]") {
  const SignatureRequest request = Sent(Wanted(), kNoon).request;
  const absl::Time night = kNoon + 5 * kDay + absl::Hours(12);
  CHECK(LookedAt(request, kZone, night).events.empty());
  CHECK(NextLook(request, kZone, night) == kNoon + 6 * kDay - absl::Hours(3));
  // The service was away for a week.
  const SignatureChange late = LookedAt(request, kZone, kNoon + 12 * kDay);
  CHECK(TypesOf(late) == Types{"reminded ada", "reminded bob"});
  CHECK(NextLook(late.request, kZone, kNoon + 12 * kDay) == kNoon + 13 * kDay);
}

TEST_CASE("staff sign last, where that is wanted", "[unit]") {
  SignatureRequest wanted = Wanted();
  wanted.countersign = true;
  wanted.signers.pop_back();
  const SignatureRequest sent = Sent(wanted, kNoon).request;
  CHECK(ReasonOf(Countersigned(sent, "Sam", "Sam Staff", kDevice, kNoon).status()) ==
        "SIGNATURE_NOT_DUE");
  const auto signed_by_all = ReadAndSigned(sent, "ada");
  CHECK(TypesOf(*signed_by_all) == Types{"signed ada", "countersigning"});
  const auto done = Countersigned(signed_by_all->request, "Sam", "Sam Staff", kDevice, kNoon);
  REQUIRE(done.ok());
  CHECK(TypesOf(*done) == Types{"countersigned", "completed"});
  CHECK(Countersigned(done->request, "Eve", "Eve", kDevice, kNoon)->events.empty());
  CHECK(done->request.countersigned_name == "Sam");
}

TEST_CASE("what was signed on paper is accepted, or returned and asked for anew", "[unit]") {
  SignatureRequest wanted = Wanted();
  wanted.method = SignatureMethod::kManual;
  wanted.signers.pop_back();
  SignatureRequest request = Sent(wanted, kNoon).request;
  CHECK(ReasonOf(CheckMaySign(request, "ada", kNoon)) == "SIGNATURE_METHOD_OTHER");
  CHECK(ReasonOf(CopyAccepted(request, "ada", "Sam", kNoon).status()) == "SIGNATURE_NOT_SUBMITTED");
  request = Submitted(request, "ada", "doc_2", kDevice, kNoon)->request;
  CHECK(Submitted(request, "ada", "doc_2", kDevice, kNoon)->events.empty());
  // While staff review it nobody is reminded of it.
  CHECK(NextLook(request, kZone, kNoon) == request.expire_time);
  request = CopyReturned(request, "ada", "A page is missing", "Sam", kNoon + kDay)->request;
  CHECK(request.signers[0].state == SignerState::kAsked);
  CHECK(CopyReturned(request, "ada", "A page is missing", "Sam", kNoon)->events.empty());
  CHECK(NextLook(request, kZone, kNoon + kDay) == kNoon + 6 * kDay);
  request = Submitted(request, "ada", "doc_3", kDevice, kNoon)->request;
  const auto accepted = CopyAccepted(request, "ada", "Sam", kNoon);
  CHECK(TypesOf(*accepted) == Types{"accepted ada", "completed"});
  CHECK(CopyAccepted(accepted->request, "ada", "Sam", kNoon)->events.empty());
  CHECK(ReasonOf(Submitted(Sent(Wanted(), kNoon).request, "ada", "d", kDevice, kNoon).status()) ==
        "SIGNATURE_METHOD_OTHER");
}

TEST_CASE("a signature is a name or a picture that can be shown", "[unit]") {
  CHECK(CheckAutograph({"أدا لوفلايس", ""}).ok());
  CHECK(CheckAutograph({"", Png(100, 50)}).ok());
  CHECK(CheckAutograph({"", Png(2000, 1)}).ok());
  CHECK(CheckAutograph({"", Png(1, 1000)}).ok());
  CHECK_FALSE(CheckAutograph({"", ""}).ok());
  CHECK_FALSE(CheckAutograph({"Ada", Png(1, 1)}).ok());
  CHECK_FALSE(CheckAutograph({"", Png(2001, 1)}).ok());
  CHECK_FALSE(CheckAutograph({"", Png(1, 1001)}).ok());
  CHECK_FALSE(CheckAutograph({"", "\x89PNG"}).ok());
  CHECK_FALSE(CheckAutograph({"", "<svg onload=alert(1)>" + std::string(50, ' ')}).ok());
}

TEST_CASE("told are those whom it concerns, and no title writes a line of its own", "[unit]") {
  SignatureRequest wanted = Wanted(true);
  wanted.title = "The offer\n\nDear Ada, call 0900 instead";
  const auto notices = NoticesOf(Sent(wanted, kNoon));
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].action == "signature-wanted");
  CHECK(notices[0].contact_id == "ada");
  CHECK(notices[0].words == "- The offer Dear Ada, call 0900 instead\n");
  // Bob has not heard of it, and need not hear that it has ended.
  CHECK(NoticesOf(*Voided(Sent(wanted, kNoon).request, "x", "Sam", kNoon)).size() == 1);
}

}  // namespace
}  // namespace gatehouse::documents
