#pragma once

#include <google/protobuf/text_format.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/jobs/outbox.h"
#include "services/documents/blobs/domain/collector.h"
#include "services/documents/blobs/store/folder_blobs.h"
#include "services/documents/blobs/store/postgres_keys.h"
#include "services/documents/blobs/store/sealed_blobs.h"
#include "services/documents/blobs/store/store_marker.h"
#include "services/documents/changes/domain/changes.h"
#include "services/documents/requests/domain/chosen_requests.h"
#include "services/documents/requests/domain/requests.h"
#include "services/documents/requests/store/postgres_reminders.h"
#include "services/documents/requests/store/postgres_requests.h"
#include "services/documents/requests/store/postgres_templates.h"
#include "services/documents/settings/stored_rules.h"
#include "services/documents/signing/domain/signatures.h"
#include "services/documents/signing/store/postgres_signatures.h"
#include "services/documents/uploads/domain/uploads.h"
#include "services/documents/uploads/magic_sniffer.h"
#include "services/documents/uploads/store/postgres_documents.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::documents {

extern const std::vector<Migration> kMigrations;

const std::string kPdf = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n";

// The mirror has one case, `deal-1`, with the contacts `ada` and `bob`.
class FakeCases : public CaseDirectory {
 public:
  absl::StatusOr<MirroredCase> LookUp(const std::string& organisation_id,
                                      const std::string& case_id) override {
    if (organisation_id == "acme" && case_id == "deal-1") return mirrored;
    return Refuse(common::v1::NOT_FOUND, "no such case");
  }
  MirroredCase mirrored = {"12 High Street",
                           {{"ada", "Ada Client", "ada@example.com", "+61412345678"},
                            {"bob", "Bob Client", "bob@example.com", "+61412345679"}}};
};

// One organisation, in Sydney.
class FakeOrganisations : public OrganisationDirectory {
 public:
  FakeOrganisations() { absl::LoadTimeZone("Australia/Sydney", &profile.time_zone); }
  absl::StatusOr<OrganisationProfile> LookUp(const std::string&) override { return profile; }
  OrganisationProfile profile = {"Acme Loans",
                                 "https://portal.example.com",
                                 {},
                                 {"https://portal.example.com", "https://portal.example.nz"}};
};

// Who has entered `deal-1`.
class FakeReaders : public Readers {
 public:
  absl::StatusOr<std::vector<Reader>> Of(const std::string&, const std::string&) override {
    return readers;
  }
  std::vector<Reader> readers;
};

// Says what time it is, from the start the real one.
class TestClock : public Clock {
 public:
  absl::Time Now() const override { return now == absl::InfinitePast() ? absl::Now() : now; }
  absl::Time now = absl::InfinitePast();
};

// What holds for who has set nothing.
inline DocumentRules DefaultRules() {
  const auto& rule = v1::Settings::descriptor()->options().GetExtension(common::v1::settings);
  v1::Settings settings;
  google::protobuf::TextFormat::ParseFromString(rule.preset(0).values(), &settings);
  return RulesOf(settings);
}

// The same rules for everybody.
class FakeRules : public RulesStore {
 public:
  absl::StatusOr<DocumentRules> Get(const std::string&) override { return rules; }
  DocumentRules rules = DefaultRules();
};

// What invitations chose, by their ids.
class FakeChoices : public Choices {
 public:
  absl::StatusOr<std::vector<std::string>> Of(const std::string&,
                                              const std::string& invitation_id) override {
    ++asked;
    const auto found = chosen.find(invitation_id);
    if (found == chosen.end()) return Refuse(common::v1::NOT_FOUND, "no such access");
    return found->second;
  }
  std::map<std::string, std::vector<std::string>> chosen;
  int asked = 0;
};

// Identity's codes: always 123456, one challenge for each deed. Who has a passkey signs with it
// what is `good`.
class FakeCodes : public SignatureCodes {
 public:
  absl::StatusOr<SentCode> Send(const CodeSubject& subject) override {
    sent.push_back(subject);
    return SentCode{"cnf_" + subject.deed_id.substr(0, 20), absl::Now() + absl::Minutes(5),
                    absl::Now() + absl::Minutes(1)};
  }
  absl::StatusOr<std::string> Verify(const std::string&, const std::string& deed_id,
                                     const TypedCode& typed) override {
    if (typed.challenge_id != "cnf_" + deed_id.substr(0, 20)) {
      return Refuse(identity::v1::CHALLENGE_EXPIRED, "no such challenge");
    }
    if (typed.code != "123456") return Refuse(v1::SIGNATURE_CODE_WRONG, "not right");
    return std::string("•••• ••5 678");
  }
  absl::StatusOr<PasskeyOptions> StartPasskey(const CodeSubject& subject) override {
    if (!has_passkey) return Refuse(v1::SIGNATURE_PASSKEY_MISSING, "none");
    begun.push_back(subject);
    return PasskeyOptions{.challenge_id = "psk_" + subject.deed_id.substr(0, 20),
                          .challenge = "c",
                          .host = "portal.example.com",
                          .user_verification = "required",
                          .expire_time = absl::Now() + absl::Minutes(5),
                          .timeout_ms = 300'000,
                          .credential_ids = {"cred"}};
  }
  absl::StatusOr<SignatureProof> VerifyPasskey(const std::string&, const std::string& deed_id,
                                               const PasskeyAnswer& answer) override {
    if (answer.challenge_id != "psk_" + deed_id.substr(0, 20)) {
      return Refuse(identity::v1::CHALLENGE_EXPIRED, "no such challenge");
    }
    if (answer.signature != "good") return Refuse(v1::SIGNATURE_PASSKEY_WRONG, "not right");
    return SignatureProof{.passkey_id = "pky_1", .passkey_name = "Ada's laptop"};
  }
  bool has_passkey = true;
  std::vector<CodeSubject> sent, begun;
};

// A service without its RPCs: real stores, in a database and a folder of their own.
struct Fixture {
  TestDatabase database{"documents", WithCommon(kMigrations)};
  Outbox outbox{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  Effects effects{outbox};
  PostgresDocuments documents{database.postgres(), effects};
  RequestEffects request_effects{outbox};
  PostgresRequests stored_requests{database.postgres(), request_effects};
  PostgresTemplates templates{database.postgres()};
  PostgresReminders reminders{database.postgres(), request_effects};
  FakeChoices choices;
  ChosenRequests request_store{stored_requests, choices};
  FakeRules rules;
  FakeCases cases;
  FakeOrganisations organisations;
  FakeReaders readers;
  TestClock clock;
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-test");
  FolderBlobs folder{Marked(root)};
  PostgresKeys keys{database.postgres(), Secret(RandomBytes(32))};
  SealedBlobs blobs{folder, keys};
  std::unique_ptr<MagicSniffer> sniffer = MagicSniffer::Open().value();
  Uploads uploads{{documents, request_store, blobs, rules, cases, *sniffer, clock}};
  Changes changes{documents, cases, organisations, clock};
  Requests requests{{request_store, templates, documents, rules, cases, organisations, clock}};
  Reminding reminding{
      {reminders, request_store, documents, rules, cases, organisations, readers, clock}};
  SignatureEffects signature_effects{outbox};
  PostgresSignatures signature_store{database.postgres(), signature_effects};
  FakeCodes codes;
  Signatures signatures{
      {signature_store, documents, blobs, rules, cases, organisations, codes, clock}};
  BlobCollector collector{documents, blobs};
  const CaseAccess ada = {"deal-1", "ada", "inv_1", Visibility::kOwn};
  const CaseAccess bob = {"deal-1", "bob", "inv_2", Visibility::kOwn};

  Fixture() = default;
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() { std::filesystem::remove_all(root); }

  // The folder of a new store.
  static const std::filesystem::path& Marked(const std::filesystem::path& root) {
    REQUIRE(MarkStore(root, "store_1").ok());
    return root;
  }
  static Document Named(const std::string& filename = "a.pdf") {
    return {.organisation_id = "acme",
            .case_id = "deal-1",
            .filename = filename,
            .uploader_id = "key_1",
            .uploader_name = "Sam Staff"};
  }
  static Document By(const CaseAccess& access, const std::string& document_request_id = "") {
    return {.organisation_id = "acme",
            .case_id = access.case_id,
            .filename = "a.pdf",
            .from_client = true,
            .uploader_id = access.contact_id,
            .uploader_name = "Ada Client",
            .document_request_id = document_request_id};
  }
  // All of an upload, in these parts.
  static absl::StatusOr<Document> Take(absl::StatusOr<std::unique_ptr<Upload>> begun,
                                       const std::vector<std::string>& parts) {
    RETURN_IF_ERROR(begun.status());
    for (const std::string& part : parts) RETURN_IF_ERROR((*begun)->Append(part));
    Document document;
    RETURN_IF_ERROR(
        (*begun)->Finish([&](const std::string&, const auto& keep) -> absl::StatusOr<std::string> {
          ASSIGN_OR_RETURN(document, keep());
          return document.document_id;
        }));
    return document;
  }
  absl::StatusOr<Document> TakeByStaff(const std::string& bytes = kPdf,
                                       const std::string& filename = "a.pdf",
                                       const SaidOfFile& said = {}) {
    return Take(uploads.BeginByStaff(Named(filename), said), {bytes});
  }
  absl::StatusOr<Document> TakeBy(const CaseAccess& access, const std::string& bytes = kPdf,
                                  const std::string& document_request_id = "") {
    return Take(uploads.BeginByClient(By(access, document_request_id), access, {}), {bytes});
  }
  // How many files there are, being written or kept, beside the marker.
  int Files() const {
    int files = -1;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }
  int Count(const std::string& table) {
    return database.Exec("SELECT count(*) FROM " + table)[0][0].as<int>();
  }
};

}  // namespace gatehouse::documents
