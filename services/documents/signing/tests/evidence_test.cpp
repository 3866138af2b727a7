#include "services/documents/signing/evidence.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/documents/previews/tests/pictures.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/tests/files.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct EvidenceFixture : Fixture {
  EvidenceHandler handler{signature_store, documents, blobs, rules};
  const std::string bytes = kPdf + std::string(600'000, '%');  // More than one message has.

  SignatureName Sent(SignatureMethod method = SignatureMethod::kElectronic) {
    const auto prepared = signatures.Prepare({.organisation_id = "acme",
                                              .case_id = "deal-1",
                                              .document_id = TakeByStaff(bytes)->document_id,
                                              .sender_name = "Sam Staff",
                                              .contact_ids = {"ada", "bob"},
                                              .method = method});
    REQUIRE(prepared.ok());
    return {"acme", "deal-1", signatures.Add(*prepared)->signature_request_id};
  }
  DownloadsHandler::Sends Ask(const SignatureName& name, const Call& call = StaffCall()) {
    pb::DownloadSignatureEvidenceRequest request;
    request.set_case_id(name.case_id);
    request.set_signature_request_id(name.signature_request_id);
    return handler.DownloadSignatureEvidence(call, request);
  }
  // What a reader that is not ours finds in it, by the script's words.
  std::string Read(const SignatureName& name, const std::string& script) {
    return ReadZip(Ask(name), script);
  }
};

TEST_CASE_METHOD(EvidenceFixture, "the evidence has what was sent and all that happened",
                 "[service]") {
  const SignatureName name = Sent();
  const SigningClient client = {name, ada, {"192.0.2.7", "Browser/1"}};
  const std::string sha256 = Hex(Sha256(bytes));
  REQUIRE(signatures.See(client).ok());
  const auto started = signatures.Start(client, sha256);
  REQUIRE(started.ok());
  const TypedCode typed = {started->code.challenge_id, "123456", ""};
  REQUIRE(signatures.Sign(client, typed, {"", Png(1, 1)}).ok());
  CHECK(Read(name, "print(z.namelist())\n") ==
        "['evidence.json', 'sent/a.pdf', 'drawn/1.png', 'SHA256SUMS']\n");
  CHECK(Read(name, "print(hashlib.sha256(z.read('sent/a.pdf')).hexdigest())\n") == sha256 + "\n");
  // Everything can be checked by a tool that every machine has.
  CHECK(Read(name,
             "import subprocess\nz.extractall()\nprint(subprocess.run(['sha256sum', '-c', "
             "'SHA256SUMS'], capture_output=True).returncode)\n") == "0\n");
  const std::string said =
      Read(name,
           "e = json.loads(z.read('evidence.json'))\n"
           "print([x['type'] for x in e['events']], e['events'][-1]['clientAddress'], "
           "e['signers'][0]['maskedMobile'], e['state'])\n");
  CHECK(said ==
        "['sent', 'asked', 'asked', 'seen', 'consented', 'signed'] 192.0.2.7 •••• ••5 678 "
        "SIGNING\n");
}

TEST_CASE_METHOD(EvidenceFixture, "what was signed on paper is in it, as far as it may be had",
                 "[service]") {
  const SignatureName name = Sent(SignatureMethod::kManual);
  const auto copy = TakeBy(ada);
  REQUIRE(copy.ok());
  REQUIRE(signatures.Submit({name, ada, {}}, copy->document_id).ok());
  const std::string names = "print([n for n in z.namelist() if n.startswith('paper')])\n";
  CHECK(Read(name, names) == "['paper/1 a.pdf']\n");
  rules.rules.unscanned_downloads = false;
  CHECK(Read(name, names) == "[]\n");
}

TEST_CASE_METHOD(EvidenceFixture, "no other organisation has it, and none of it begins that breaks",
                 "[service]") {
  const SignatureName name = Sent();
  CHECK(ReasonOf(Ask(name, StaffCall("other")).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Ask({"acme", "deal-2", name.signature_request_id}).status()) == "NOT_FOUND");
  REQUIRE(blobs.Remove("acme", name.signature_request_id).ok());
  CHECK_FALSE(Ask(name).ok());
}

}  // namespace
}  // namespace gatehouse::documents
