#include "services/common/auth/jwt.h"

#include <sodium.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

using nlohmann::json;

constexpr char kName[] = "gatehouse";
constexpr size_t kTokenMax = 64 * 1024;

const unsigned char* Data(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* Data(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

absl::Status Invalid() {
  return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
}

// A part of a token as JSON; discarded if it is none.
json Part(const std::string& text) {
  const auto bytes = FromBase64Url(text);
  return json::parse(bytes.ok() ? *bytes : "", nullptr, false);
}

std::string TextIn(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : "";
}

}  // namespace

SigningKeyPair NewSigningKey(const std::string& key_id) {
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_keypair(Data(public_key), Data(secret));
  return {key_id, Secret(secret), public_key};
}

std::string SignPrincipal(const SigningKeyPair& key, const identity::v1::Principal& principal,
                          absl::Time now, absl::Time expires_at) {
  const json header = {{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", key.key_id}};
  const json claims = {{"iss", kName},
                       {"aud", kName},
                       {"iat", absl::ToUnixSeconds(now)},
                       {"exp", absl::ToUnixSeconds(expires_at)},
                       {"principal", Base64Url(principal.SerializeAsString())}};
  const std::string text = absl::StrCat(Base64Url(header.dump()), ".", Base64Url(claims.dump()));
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(Data(signature), nullptr, Data(text), text.size(),
                       Data(key.private_key.Reveal()));
  return absl::StrCat(text, ".", Base64Url(signature));
}

std::string KeyIdOf(const std::string& token) {
  if (token.compare(0, 3, "eyJ") != 0 || token.size() > kTokenMax) return "";
  const json header = Part(token.substr(0, token.find('.')));
  return TextIn(header, "alg") == "EdDSA" ? TextIn(header, "kid") : "";
}

absl::Time IssuedAtOf(const std::string& token) {
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  const json claims = parts.size() == 3 ? Part(parts[1]) : json();
  const auto found = claims.is_object() ? claims.find("iat") : claims.end();
  if (!claims.is_object() || found == claims.end() || !found->is_number_integer()) {
    return absl::InfiniteFuture();
  }
  return absl::FromUnixSeconds(found->get<int64_t>());
}

absl::StatusOr<VerifiedPrincipal> VerifyPrincipal(const std::string& token,
                                                  const std::string& public_key, absl::Time now) {
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3 || KeyIdOf(token).empty()) return Invalid();
  const auto signature = FromBase64Url(parts[2]);
  const std::string text = absl::StrCat(parts[0], ".", parts[1]);
  if (!signature.ok() || signature->size() != crypto_sign_BYTES ||
      public_key.size() != crypto_sign_PUBLICKEYBYTES ||
      crypto_sign_verify_detached(Data(*signature), Data(text), text.size(), Data(public_key)) !=
          0) {
    return Invalid();
  }
  const json claims = Part(parts[1]);
  if (TextIn(claims, "iss") != kName || TextIn(claims, "aud") != kName || !claims.contains("exp") ||
      !claims["exp"].is_number_integer()) {
    return Invalid();
  }
  VerifiedPrincipal verified;
  verified.expires_at = absl::FromUnixSeconds(claims["exp"].get<int64_t>());
  const auto principal = FromBase64Url(TextIn(claims, "principal"));
  if (!principal.ok() || !verified.principal.ParseFromString(*principal)) return Invalid();
  if (now >= verified.expires_at) {
    return absl::UnavailableError("the principal token came too late, or a clock is wrong");
  }
  return verified;
}

Caller ToCaller(const identity::v1::Principal& principal) {
  Caller caller;
  switch (principal.kind()) {
    case identity::v1::Principal::OPERATOR:
      caller.kind = CallerKind::kOperator;
      break;
    case identity::v1::Principal::STAFF:
      caller.kind = CallerKind::kStaff;
      break;
    case identity::v1::Principal::CLIENT:
      caller.kind = CallerKind::kClient;
      break;
    default:
      break;
  }
  caller.organisation_id = principal.organisation_id();
  caller.actor_id = principal.actor_id();
  caller.actor_name = principal.actor_name();
  caller.region = principal.region();
  caller.scopes = {principal.scopes().begin(), principal.scopes().end()};
  caller.credential_id = principal.credential_id();
  caller.ancestors = {principal.ancestor_credential_ids().begin(),
                      principal.ancestor_credential_ids().end()};
  if (!principal.parent_credential_id().empty()) {
    caller.ancestors.push_back(principal.parent_credential_id());
  }
  caller.origins = {principal.origins().begin(), principal.origins().end()};
  if (principal.has_credential_expire_time()) {
    caller.expires_at = absl::FromUnixSeconds(principal.credential_expire_time().seconds()) +
                        absl::Nanoseconds(principal.credential_expire_time().nanos());
  }
  for (const auto& access : principal.cases()) {
    caller.cases.push_back({access.case_id(), access.contact_id(), access.invitation_id(),
                            access.sees_all() ? Visibility::kAll : Visibility::kOwn,
                            access.chose_requests()});
  }
  return caller;
}

}  // namespace gatehouse
