#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/documents/signing/domain/certificate.h"
#include "services/documents/signing/domain/sealing.h"
#include "services/documents/signing/handler.h"
#include "services/documents/signing/tests/pdfs.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("a sealed document is valid and whole, and has its certificate behind it", "[unit]") {
  const auto sealed = SealWith(Pdf(3));
  REQUIRE(sealed.ok());
  CHECK(sealed->refused.empty());
  CHECK(TheAuthority().IsValid(sealed->document));
  CHECK(absl::StrContains(sealed->document, "/M (D:20270601120000Z)"));
  CHECK(absl::StrContains(TheAuthority().Say(sealed->document), "ETSI.CAdES.detached"));
  CHECK(absl::StrContains(TheAuthority().Say(sealed->document, "pdfinfo"), "Pages:           4"));
  TheAuthority().Run("pdftotext -f 4 -l 4 a.pdf text");
  const std::string text = TheAuthority().Text("text");
  CHECK(absl::StrContains(text, "Certificate of signature"));
  CHECK(absl::StrContains(text, "Nguyễn สมชาย"));
}

TEST_CASE("one flipped bit is found, and so is what is appended", "[unit]") {
  const std::string sealed = SealWith(Pdf(1))->document;
  REQUIRE(TheAuthority().IsValid(sealed));
  for (size_t at = 10; at < sealed.size(); at += sealed.size() / 12) {
    std::string flipped = sealed;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    INFO(at);
    // Within the room that the signature leaves nothing is said: nor is anything signed by it.
    if (flipped.compare(at, 1, "4") == 0) continue;
    CHECK_FALSE(TheAuthority().IsValid(flipped));
  }
  CHECK_FALSE(TheAuthority().IsValid(sealed + "\n% more\n"));
}

TEST_CASE("what is signed already stays as it is, beside its certificate", "[unit]") {
  const std::string first = SealWith(Pdf(1))->document;
  const std::string second = SealWith(first)->document;
  CHECK(TheAuthority().IsValid(second));
  (void)TheAuthority().Say(second);
  TheAuthority().Run("pdfdetach -save 1 -o inner.pdf a.pdf");
  CHECK(TheAuthority().Text("inner.pdf") == first);
}

TEST_CASE("files that mean harm, or are none, end as a refusal by name", "[unit]") {
  CHECK(SealWith("")->refused == "PDF_BROKEN");
  CHECK(SealWith("%PDF-1.4\nnothing")->refused == "PDF_BROKEN");
  CHECK(SealWith(std::string(100000, '\0'))->refused == "PDF_BROKEN");
  CHECK(SealWith(Pdf(2).substr(0, 200))->refused == "PDF_BROKEN");
  CHECK(SealWith(PageLoop())->refused == "PDF_BROKEN");
  CHECK(SealWith(WithPassword())->refused == "PDF_ENCRYPTED");
  // So many objects do not fit into what the child may have.
  const SealerLimits small = {.cpu_seconds = 20, .memory_bytes = int64_t{160} << 20};
  CHECK(SealWith(ManyObjects(200'000), small)->refused == "PDF_TOO_COSTLY");
}

// What unpacks to 400 MB, by one filter or behind another one.
std::string Bomb(const std::string& filters, const std::string& wrap) {
  TheAuthority().Run(
      "/usr/bin/python3 -c 'import zlib; c = zlib.compressobj(1); b = b\"\".join("
      "c.compress(bytes(1 << 20)) for _ in range(400)) + c.flush(); open(\"bomb\", \"wb\")"
      ".write(" +
      wrap + ")'");
  const std::string bytes = TheAuthority().Text("bomb");
  return PdfOf({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R >>",
                absl::StrCat("<< /Filter ", filters, " /Length ", bytes.size(), " >>\nstream\n",
                             bytes, "\nendstream")});
}

TEST_CASE("what would unpack to more than there is of memory is sealed as it is", "[unit]") {
  const SealerLimits small = {.cpu_seconds = 5, .memory_bytes = int64_t{300} << 20};
  for (const std::string& pdf :
       {Bomb("/FlateDecode", "b"), Bomb("[/ASCIIHexDecode /FlateDecode]", "b.hex().encode()"),
        HugeImage(26'000), DeepArrays(200'000)}) {
    const auto sealed = SealWith(pdf, small);
    REQUIRE(sealed.ok());
    CHECK(sealed->refused.empty());
    CHECK(absl::StrContains(sealed->document, "ETSI.CAdES.detached"));
  }
}

TEST_CASE("a file with a table that is broken is sealed all the same", "[unit]") {
  std::string broken = Pdf(2);
  const size_t at = broken.rfind("startxref");
  broken.replace(at, 12, "startxref\n99");
  CHECK(TheAuthority().IsValid(SealWith(broken)->document));
  CHECK(TheAuthority().IsValid(SealWith("junk before it\n" + Pdf(1))->document));
}

TEST_CASE("a program that hangs, or is not there, takes nobody along", "[unit]") {
  SealerProcess none("/nowhere/gatehouse-sealer", *TheAuthority().key);
  CHECK(absl::IsInternal(none.Seal(OrderOf(Pdf(1))).status()));
  SealerProcess other("/bin/cat", *TheAuthority().key);
  CHECK(other.Seal(OrderOf(Pdf(1)))->refused == "PDF_TOO_COSTLY");
  const absl::Time begin = absl::Now();
  CHECK(SealWith(Pdf(1), {.wait = absl::ZeroDuration()})->refused == "PDF_TOO_COSTLY");
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

TEST_CASE("the program has none of our connections", "[unit]") {
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);  // Such as one that stays open on exec.
  const std::string script = (TheAuthority().folder / "descriptors").string();
  std::ofstream(script) << "#!/bin/sh\nls /proc/self/fd >&2\nexit 3\n";
  REQUIRE(chmod(script.c_str(), 0700) == 0);
  const auto listed = SealerProcess(script, *TheAuthority().key).Seal(OrderOf(Pdf(1)));
  REQUIRE(listed.ok());
  // Its three; what the shell reads the script by and `ls` the folder are no more than two.
  const std::vector<std::string> descriptors =
      absl::StrSplit(listed->refused, '\n', absl::SkipEmpty());
  CHECK(descriptors.size() <= 5);
  for (const int end : pipe_ends) {
    close(end);
  }
}

TEST_CASE("a key goes with its own certificate", "[unit]") {
  const std::string key = TheAuthority().Text("key.pem"), own = TheAuthority().Text("ca.pem");
  const Authority other;
  CHECK(SealKey::Read(Secret(key), own).ok());
  CHECK_FALSE(SealKey::Read(Secret(key), other.Text("ca.pem")).ok());
  CHECK_FALSE(SealKey::Read(Secret("none"), own).ok());
  CHECK_FALSE(SealKey::Read(Secret(key), "none").ok());
}

// A real sealer behind real stores.
struct SealingFixture : Fixture {
  SealerProcess sealer{kSealerProgram, *TheAuthority().key};
  Sealing sealing{{signature_store, uploads, blobs, organisations, sealer, clock}};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  PortalSignaturesHandler portal{signatures, signature_store, documents, blobs};
  SealsHandler seals{signature_store};

  // What ada has signed.
  SignatureName Signed(const std::string& pdf) { return SignedBy(signatures, pdf); }
  SignatureName SignedBy(Signatures& by, const std::string& pdf) {
    const auto prepared = by.Prepare({.organisation_id = "acme",
                                      .case_id = "deal-1",
                                      .document_id = TakeByStaff(pdf)->document_id,
                                      .sender_name = "Sam Staff",
                                      .contact_ids = {"ada"}});
    REQUIRE(prepared.ok());
    const SignatureRequest sent = by.Add(*prepared).value();
    const SigningClient client = {{"acme", "deal-1", sent.signature_request_id}, ada, {}};
    REQUIRE(by.See(client).ok());
    const auto started = by.Start(client, sent.sha256);
    REQUIRE(started.ok());
    REQUIRE(by.Sign(client, {started->code.challenge_id, "123456", ""}, {"Ada", ""}).ok());
    return client.name;
  }
  SignatureRequest Get(const SignatureName& name) { return signature_store.Get(name, "").value(); }
  absl::StatusOr<std::string> SealedBytes(const SignatureName& name, const CaseAccess& access) {
    pb::DownloadPortalSignatureDocumentRequest request;
    request.set_case_id(name.case_id);
    request.set_signature_request_id(name.signature_request_id);
    request.set_sealed(true);
    ASSIGN_OR_RETURN(const auto source,
                     portal.DownloadPortalSignatureDocument(ClientCall(access), request));
    std::string bytes;
    pb::DownloadDocumentResponse part;
    while (source->Next(part).value()) bytes += part.data();
    return bytes;
  }
  absl::StatusOr<pb::Seal> Verify(const std::string& bytes) {
    pb::VerifySealRequest request;
    request.set_sha256(Hex(Sha256(bytes)));
    return seals.VerifySeal({}, request);
  }
};

TEST_CASE_METHOD(SealingFixture, "what was signed is sealed once, and verified by who has it",
                 "[service]") {
  const SignatureName name = Signed(Pdf(2));
  CHECK(ReasonOf(SealedBytes(name, ada).status()) == "NOT_FOUND");
  REQUIRE(sealing.Seal(name).ok());
  const SignatureRequest sealed = Get(name);
  REQUIRE_FALSE(sealed.sealed_document_id.empty());
  const Document document =
      documents.Get("acme", "deal-1", nullptr, sealed.sealed_document_id).value();
  CHECK(document.filename == "a (signed).pdf");
  CHECK(FolderOf(document) == "Signed");
  CHECK(document.content_type == "application/pdf");
  const std::string bytes = SealedBytes(name, ada).value();
  CHECK(ReasonOf(SealedBytes(name, bob).status()) == "NOT_FOUND");
  CHECK(Hex(Sha256(bytes)) == sealed.sealed_sha256);
  CHECK(TheAuthority().IsValid(bytes));
  const auto seal = Verify(bytes);
  REQUIRE(seal.ok());
  CHECK(seal->document_sha256() == Hex(Sha256(Pdf(2))));
  CHECK(seal->signer_names(0) == "Ada Client");
  std::string flipped = bytes;
  flipped[50] = static_cast<char>(flipped[50] ^ 1);
  CHECK(ReasonOf(Verify(flipped).status()) == "NOT_FOUND");
  // A job that is done again finds it done.
  REQUIRE(sealing.Seal(name).ok());
  CHECK(Count("documents.document") == 2);
  CHECK(Count("documents.loose_blob") == 0);
}

TEST_CASE_METHOD(SealingFixture, "two who seal at once keep one document", "[service]") {
  const SignatureName name = Signed(Pdf(1));
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&] { (void)sealing.Seal(name); });
  for (std::thread& thread : threads) thread.join();
  CHECK(Count("documents.document") == 2);
  CHECK(Verify(SealedBytes(name, ada).value()).ok());
}

TEST_CASE_METHOD(SealingFixture, "what cannot be sealed says why, and stays signed", "[service]") {
  const SignatureName broken = Signed(kPdf);
  REQUIRE(sealing.Seal(broken).ok());
  CHECK(Get(broken).seal_refusal == "PDF_BROKEN");
  CHECK(Get(broken).state == SignatureState::kSigned);
  const SignatureName full = Signed(Pdf(1));
  rules.rules.quotas.of_case.documents = 2;
  REQUIRE(sealing.Seal(full).ok());
  CHECK(Get(full).seal_refusal == "CASE_QUOTA_REACHED");
  CHECK(Count("documents.document") == 2);
}

TEST_CASE_METHOD(SealingFixture, "what was signed before a sealer is there is sealed once it is",
                 "[service]") {
  const auto jobs = [&] {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%signature.seal'")[0][0]
        .as<int>();
  };
  const SignatureName before = Signed(Pdf(1)), other = Signed(Pdf(2));
  CHECK(jobs() == 0);
  SignatureEffects effects_with_sealer{outbox, true};
  PostgresSignatures store_with_sealer{database.postgres(), effects_with_sealer};
  Sealing later{{store_with_sealer, uploads, blobs, organisations, sealer, clock}};
  CHECK(later.CatchUp().value() == 2);
  CHECK(jobs() == 2);
  // Once for each, however often it looks.
  CHECK(later.CatchUp().value() == 0);
  REQUIRE(later.Seal(before).ok());
  REQUIRE(later.Seal(other).ok());
  CHECK(TheAuthority().IsValid(SealedBytes(before, ada).value()));
  Signatures with_sealer{
      {store_with_sealer, documents, blobs, rules, cases, organisations, codes, clock}};
  (void)SignedBy(with_sealer, Pdf(3));
  CHECK(jobs() == 3);
  CHECK(later.CatchUp().value() == 0);
}

TEST_CASE_METHOD(SealingFixture, "while the store is away nothing is decided", "[service]") {
  const SignatureName name = Signed(Pdf(1));
  const auto away = std::filesystem::path(root.string() + "-away");
  std::filesystem::rename(root, away);
  CHECK(absl::IsUnavailable(sealing.Seal(name)));
  std::filesystem::rename(away, root);
  CHECK(Get(name).seal_refusal.empty());
  REQUIRE(sealing.Seal(name).ok());
  CHECK_FALSE(Get(name).sealed_document_id.empty());
}

TEST_CASE("a certificate says all, and nobody writes a line of it", "[unit]") {
  const absl::Time noon = absl::FromCivil(absl::CivilHour(2027, 6, 1, 12), absl::UTCTimeZone());
  const SignatureRequest request = {.signature_request_id = "sig_1",
                                    .title = "The offer\nSigned as\tEve",
                                    .sha256 = "abc",
                                    .create_time = noon,
                                    .signers = {{.contact_id = "ada",
                                                 .name = "Ada",
                                                 .consent_time = noon,
                                                 .typed_name = "A. L.",
                                                 .masked_mobile = "•••• ••5 678"}}};
  const auto lines = CertificateOf(
      request, {{noon, "signed", "ada", "Ada", {"192.0.2.7", "Browser\n/1"}}}, "Acme");
  const auto has = [&](const CertificateLine& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  CHECK(has({"Document", "The offer Signed as Eve"}));
  CHECK(has({"Id", "sig_1"}));
  CHECK(has({"SHA-256 as sent", "abc"}));
  CHECK(has({"Signed as", "A. L."}));
  CHECK(has({"Proven by", "a code by SMS to •••• ••5 678"}));
  CHECK(has({"Consented", "2027-06-01 12:00:00 UTC"}));
  CHECK(has({"2027-06-01 12:00:00 UTC", "signed, Ada, 192.0.2.7, Browser /1"}));
}

TEST_CASE("what a sandbox seals says that nobody has signed", "[unit]") {
  const auto heading = [](const std::string& organisation_id) {
    return CertificateOf({.organisation_id = organisation_id}, {}, "Acme").at(0);
  };
  CHECK(heading("acme") == CertificateLine{"", "Certificate of signature"});
  CHECK(heading("sandbox-acme") == CertificateLine{"", "A trial in a sandbox: nobody has signed"});
}

}  // namespace
}  // namespace gatehouse::documents
