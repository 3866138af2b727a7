#include "services/documents/blobs/blob_settings.h"

#include <re2/re2.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace gatehouse::documents {
namespace {

// The settings of a server, which buckets need.
S3Settings ReadServer(Environment& environment) {
  S3Settings s3;
  s3.endpoint = std::string(absl::StripSuffix(environment.Text("GATEHOUSE_S3_ENDPOINT"), "/"));
  static const RE2 kEndpoint("https?://(\\[[0-9a-fA-F:]+\\]|[a-zA-Z0-9.-]+)(:[0-9]{1,5})?");
  if (!s3.endpoint.empty() && !RE2::FullMatch(s3.endpoint, kEndpoint)) {
    environment.Mistake("GATEHOUSE_S3_ENDPOINT", "must be https://host[:port]");
  }
  s3.credentials = {environment.Text("GATEHOUSE_S3_ACCESS_KEY"),
                    environment.Text("GATEHOUSE_S3_REGION", "us-east-1"),
                    environment.SecretValue("GATEHOUSE_S3_SECRET_KEY")};
  s3.ca_file = environment.Text("GATEHOUSE_S3_CA_FILE", "");
  s3.encryption = environment.Text("GATEHOUSE_S3_ENCRYPTION", "");
  static const RE2 kEncryption("|AES256|aws:kms|aws:kms:dsse");
  if (!RE2::FullMatch(s3.encryption, kEncryption)) {
    environment.Mistake("GATEHOUSE_S3_ENCRYPTION", "must be AES256, aws:kms or aws:kms:dsse");
  }
  const std::string checksums = environment.Text("GATEHOUSE_S3_CHECKSUMS", "");
  s3.checksums = checksums == "sha256";
  if (!s3.checksums && !checksums.empty()) {
    environment.Mistake("GATEHOUSE_S3_CHECKSUMS", "must be sha256");
  }
  s3.spool =
      environment.Text("GATEHOUSE_BLOB_SPOOL", std::filesystem::temp_directory_path().string());
  return s3;
}

std::unique_ptr<MarkedBlobs> Open(const BlobPlace& place, const S3Settings& s3) {
  if (!place.folder.empty()) return std::make_unique<FolderBlobs>(place.folder);
  return std::make_unique<S3Blobs>(s3, place.bucket, place.prefix);
}

}  // namespace

absl::StatusOr<BlobPlace> BlobPlace::Parse(const std::string& url) {
  static const RE2 kBucket("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([a-zA-Z0-9/._-]{0,200}))?");
  BlobPlace place;
  absl::string_view rest = url;
  if (absl::StartsWith(url, "file:///")) {
    absl::ConsumePrefix(&rest, "file://");
    place.folder = std::string(rest);
    return place;
  }
  if (!RE2::FullMatch(url, kBucket, &place.bucket, &place.prefix)) {
    return absl::InvalidArgumentError("must be file:///… or s3://bucket[/prefix]");
  }
  if (!place.prefix.empty() && !absl::EndsWith(place.prefix, "/")) place.prefix += "/";
  return place;
}

BlobSettings BlobSettings::Read(Environment& environment) {
  BlobSettings settings;
  const auto read = [&](const char* name, const std::string& url) {
    const auto place = BlobPlace::Parse(url);
    if (!place.ok()) environment.Mistake(name, std::string(place.status().message()));
    return place.value_or(BlobPlace());
  };
  const std::string url = environment.Text("GATEHOUSE_BLOB_URL");
  if (!url.empty()) settings.place = read("GATEHOUSE_BLOB_URL", url);
  if (const auto other = environment.OptionalText("GATEHOUSE_BLOB_OTHER_URL")) {
    settings.other = read("GATEHOUSE_BLOB_OTHER_URL", *other);
  }
  const bool has_bucket = !settings.place.bucket.empty() ||
                          (settings.other.has_value() && !settings.other->bucket.empty());
  if (has_bucket) settings.s3 = ReadServer(environment);
  return settings;
}

BlobPlaces::BlobPlaces(const BlobSettings& settings)
    : first_(Open(settings.place, settings.s3)),
      other_(settings.other.has_value() ? Open(*settings.other, settings.s3) : nullptr),
      moving_(other_ == nullptr ? nullptr : std::make_unique<MovingBlobs>(*first_, *other_)) {}

}  // namespace gatehouse::documents
