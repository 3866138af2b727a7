#include "services/identity/passkeys/domain/webauthn.h"

#include <catch2/catch.hpp>
#include <random>

#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/identity/passkeys/cbor.h"
#include "services/identity/passkeys/tests/recorded.h"

namespace gatehouse::identity {
namespace {

constexpr char kOrigin[] = "http://localhost:33379";

std::string Bytes(const std::string& text) {
  const auto bytes = FromBase64Url(text);
  REQUIRE(bytes.ok());
  return *bytes;
}

Ceremony Creating(const Recorded& recorded) {
  return {.creates = true,
          .challenge = Bytes(recorded.challenge),
          .origin = kOrigin,
          .host = "localhost"};
}
Ceremony SigningIn(const RecordedSignIn& recorded) {
  return {.challenge = Bytes(recorded.challenge), .origin = kOrigin, .host = "localhost"};
}
Assertion Signed(const RecordedSignIn& recorded) {
  return {Bytes(recorded.client_data), Bytes(recorded.authenticator_data),
          Bytes(recorded.signature)};
}
absl::StatusOr<PasskeyPublic> Read(const Recorded& recorded, const Ceremony& ceremony) {
  return ReadRegistration(ceremony, Bytes(recorded.client_data), Bytes(recorded.attestation));
}
PasskeyPublic PasskeyOf(const Recorded& recorded) {
  const auto passkey = Read(recorded, Creating(recorded));
  INFO(passkey.status().ToString());
  REQUIRE(passkey.ok());
  return *passkey;
}

const Recorded& First() { return kRecordedPasskeys[0]; }

// The same with other words in the client data, or another byte in the attestation object.
std::string WhyNotCreated(const std::string& client_data, const std::string& attestation) {
  return ReasonOf(ReadRegistration(Creating(First()), client_data, attestation).status());
}
std::string With(std::string text, const std::string& old, const std::string& now) {
  REQUIRE(text.find(old) != std::string::npos);
  return text.replace(text.find(old), old.size(), now);
}
size_t FlagsIn(const std::string& attestation) {
  return attestation.find(Sha256("localhost")) + 32;
}

TEST_CASE("what a browser made is read, and what it signs is right, by each algorithm", "[unit]") {
  REQUIRE(kRecordedPasskeys.size() == 3);
  for (const Recorded& recorded : kRecordedPasskeys) {
    const PasskeyPublic passkey = PasskeyOf(recorded);
    CHECK(passkey.algorithm == recorded.algorithm);
    CHECK(Base64Url(passkey.credential_id) == recorded.credential_id);
    CHECK(passkey.counter == 1);
    uint32_t counter = passkey.counter;
    for (const RecordedSignIn& one : recorded.sign_ins) {
      const auto verified = VerifyAssertion(SigningIn(one), passkey, Signed(one));
      INFO(verified.status().ToString());
      REQUIRE(verified.ok());
      CHECK(CounterWentOn(counter, *verified));
      counter = *verified;
    }
  }
}

TEST_CASE("a counter must go on, unless its authenticator does not count", "[unit]") {
  CHECK(CounterWentOn(1, 2));
  CHECK(CounterWentOn(0, 0));
  CHECK(CounterWentOn(0, 7));
  CHECK_FALSE(CounterWentOn(2, 2));
  CHECK_FALSE(CounterWentOn(2, 1));
  CHECK_FALSE(CounterWentOn(2, 0));
}

TEST_CASE("what is of another ceremony is refused by name", "[unit]") {
  const RecordedSignIn& one = First().sign_ins[0];
  const PasskeyPublic passkey = PasskeyOf(First());
  const auto why = [&](const Ceremony& ceremony, const Assertion& assertion) {
    return ReasonOf(VerifyAssertion(ceremony, passkey, assertion).status());
  };
  Ceremony other = SigningIn(one);
  other.challenge = Bytes(First().sign_ins[1].challenge);
  CHECK(why(other, Signed(one)) == "PASSKEY_CHALLENGE_WRONG");
  other = SigningIn(one);
  other.creates = true;
  CHECK(why(other, Signed(one)) == "PASSKEY_CHALLENGE_WRONG");
  other = SigningIn(one);
  for (const char* origin : {"http://localhost", "https://localhost:33379", "http://localhost:1"}) {
    other.origin = origin;
    CHECK(why(other, Signed(one)) == "PASSKEY_ORIGIN_WRONG");
  }
  other = SigningIn(one);
  other.host = "portal.acme.example";
  CHECK(why(other, Signed(one)) == "PASSKEY_RELYING_PARTY_WRONG");
  Assertion framed = Signed(one);
  framed.client_data = With(framed.client_data, "\"crossOrigin\":false", "\"crossOrigin\":true");
  CHECK(why(SigningIn(one), framed) == "PASSKEY_CROSS_ORIGIN");
  framed.client_data = With(Signed(one).client_data, "\"crossOrigin\":false",
                            "\"crossOrigin\":false,\"topOrigin\":\"https://evil.example\"");
  CHECK(why(SigningIn(one), framed) == "PASSKEY_CROSS_ORIGIN");
}

TEST_CASE("an authenticator that asked the client for nothing is refused by name", "[unit]") {
  const RecordedSignIn& one = First().sign_ins[0];
  const PasskeyPublic passkey = PasskeyOf(First());
  std::string attestation = Bytes(First().attestation);
  for (const int cleared : {0x01, 0x04}) {  // Present, verified.
    Assertion assertion = Signed(one);
    assertion.authenticator_data[32] =
        static_cast<char>(assertion.authenticator_data[32] & ~cleared);
    CHECK(ReasonOf(VerifyAssertion(SigningIn(one), passkey, assertion).status()) ==
          "PASSKEY_NOT_VERIFIED");
    std::string changed = attestation;
    changed[FlagsIn(changed)] = static_cast<char>(changed[FlagsIn(changed)] & ~cleared);
    CHECK(WhyNotCreated(Bytes(First().client_data), changed) == "PASSKEY_NOT_VERIFIED");
  }
}

TEST_CASE("what another key signed, or another text was, is wrong", "[unit]") {
  const RecordedSignIn& one = First().sign_ins[0];
  const PasskeyPublic passkey = PasskeyOf(First());
  const auto why = [&](const PasskeyPublic& key, const Assertion& assertion) {
    return ReasonOf(VerifyAssertion(SigningIn(one), key, assertion).status());
  };
  for (const Recorded& other : kRecordedPasskeys) {
    if (&other != &First()) CHECK(why(PasskeyOf(other), Signed(one)) == "PASSKEY_WRONG");
  }
  Assertion changed = Signed(one);
  changed.signature = Signed(First().sign_ins[1]).signature;
  CHECK(why(passkey, changed) == "PASSKEY_WRONG");
  changed = Signed(one);
  changed.client_data += " ";
  CHECK(why(passkey, changed) == "PASSKEY_WRONG");
  changed = Signed(one);
  changed.authenticator_data[36] = 9;  // A counter that looks better.
  CHECK(why(passkey, changed) == "PASSKEY_WRONG");
  PasskeyPublic broken = passkey;
  broken.key.resize(7);
  CHECK(why(broken, Signed(one)) == "PASSKEY_WRONG");
}

TEST_CASE("a key of an algorithm that was not offered is refused by name", "[unit]") {
  const std::string attestation = Bytes(First().attestation);
  // {1: 2, 3: -7, -1: …} with -16 in the place of ES256.
  CHECK(WhyNotCreated(Bytes(First().client_data),
                      With(attestation, std::string("\xa5\x01\x02\x03\x26", 5),
                           std::string("\xa5\x01\x02\x03\x2f", 5))) ==
        "PASSKEY_ALGORITHM_NOT_OFFERED");
  // Another one that was, and of which the key is none.
  CHECK(WhyNotCreated(Bytes(First().client_data),
                      With(attestation, std::string("\xa5\x01\x02\x03\x26", 5),
                           std::string("\xa5\x01\x02\x03\x27", 5))) == "PASSKEY_MALFORMED");
}

TEST_CASE("what is broken or too large is refused before a library reads it", "[unit]") {
  const std::string client_data = Bytes(First().client_data);
  const std::string attestation = Bytes(First().attestation);
  CHECK(WhyNotCreated("", attestation) == "PASSKEY_MALFORMED");
  CHECK(WhyNotCreated("[]", attestation) == "PASSKEY_MALFORMED");
  CHECK(WhyNotCreated(std::string(4097, ' '), attestation) == "PASSKEY_MALFORMED");
  CHECK(WhyNotCreated(std::string(4096, '['), attestation) == "PASSKEY_MALFORMED");
  CHECK(WhyNotCreated("{\"type\":1}", attestation) == "PASSKEY_CHALLENGE_WRONG");
  CHECK(WhyNotCreated(client_data, "") == "PASSKEY_MALFORMED");
  CHECK(WhyNotCreated(client_data, std::string((64 << 10) + 1, 'a')) == "PASSKEY_MALFORMED");
  CHECK(WhyNotCreated(client_data, attestation + "x") == "PASSKEY_MALFORMED");
  for (size_t size = 0; size < attestation.size(); ++size) {
    CHECK(WhyNotCreated(client_data, attestation.substr(0, size)) == "PASSKEY_MALFORMED");
  }
  // All memory there is, in nine bytes.
  for (const char* kind : {"\x9b", "\xbb", "\x5b", "\x7b"}) {
    const std::string all = std::string(kind) + "\x7f\xff\xff\xff\xff\xff\xff\xff";
    CHECK(WhyNotCreated(client_data, With(attestation, std::string("\xa0", 1), all)) ==
          "PASSKEY_MALFORMED");
  }
}

TEST_CASE("whatever stands in an attestation object, it is read or refused", "[unit]") {
  std::mt19937 chance(7);
  for (const Recorded& recorded : kRecordedPasskeys) {
    const std::string attestation = Bytes(recorded.attestation);
    for (int i = 0; i < 3000; ++i) {
      std::string changed = attestation;
      for (unsigned j = 0; j <= chance() % 4; ++j) {
        changed[chance() % changed.size()] = static_cast<char>(chance());
      }
      const auto read = ReadRegistration(Creating(recorded), Bytes(recorded.client_data), changed);
      if (!read.ok()) CHECK_FALSE(ReasonOf(read.status()).empty());
    }
  }
}

TEST_CASE("CBOR is read as CTAP2 writes it, and no further than it goes", "[unit]") {
  const auto skips = [](const std::string& bytes) {
    CborReader reader(bytes);
    return reader.Skip() && reader.rest().empty();
  };
  CHECK(skips(std::string("\x00", 1)));
  CHECK(skips("\xa1\x61\x61\xf5"));          // {"a": true}
  CHECK(skips("\x82\x20\x43\x01\x02\x03"));  // [-1, h'010203']
  CHECK_FALSE(skips(""));
  CHECK_FALSE(skips("\x9f\x01\xff"));  // Of no definite length.
  CHECK_FALSE(skips("\xc1\x01"));      // A tag.
  CHECK_FALSE(skips("\x82\x01"));
  CHECK_FALSE(skips("\xa1\x01"));
  CHECK_FALSE(skips("\x43\x01\x02"));
  CHECK_FALSE(skips("\x1c"));
  CHECK(skips("\x81\x81\x81\x81\x81\x01"));
  CHECK_FALSE(skips("\x81\x81\x81\x81\x81\x81\x01"));  // Too deep.
  CHECK(CborReader(absl::string_view("\x39\x01\x00", 3)).Integer() == -257);
  CHECK(CborReader("\x3b\xff\xff\xff\xff\xff\xff\xff\xff").Integer() == std::nullopt);
}

}  // namespace
}  // namespace gatehouse::identity
