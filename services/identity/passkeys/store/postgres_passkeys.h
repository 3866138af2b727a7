#pragma once

#include <string>
#include <utility>
#include <vector>

#include "services/common/base/secret.h"
#include "services/common/jobs/jobs.h"
#include "services/common/postgres/postgres.h"
#include "services/identity/passkeys/domain/passkey_store.h"

namespace gatehouse::identity {

class PostgresPasskeyStore : public PasskeyStore {
 public:
  // `key` seals whose they are. What clients are told goes to the notices' lane of `jobs`.
  PostgresPasskeyStore(Postgres& postgres, Jobs& jobs, AccessStore& access, Secret key)
      : postgres_(postgres), jobs_(jobs), access_(access), key_(std::move(key)) {}

  absl::StatusOr<Holder> FindHolder(const std::string& organisation_id,
                                    const std::string& account_id,
                                    const std::string& session_id) override;
  absl::StatusOr<std::vector<std::string>> Add(const NewPasskey& added, const Call& call) override;
  absl::StatusOr<std::vector<Passkey>> List(const std::string& organisation_id,
                                            const std::string& account_id) override;
  absl::StatusOr<Passkey> Rename(const std::string& passkey_id, const std::string& display_name,
                                 const Call& call) override;
  absl::StatusOr<std::vector<std::string>> Remove(const std::string& passkey_id,
                                                  const Call& call) override;
  absl::StatusOr<std::vector<std::string>> ListCredentials(const std::string& organisation_id,
                                                           const std::string& account_id,
                                                           const std::string& host,
                                                           const std::string& proven_by) override;
  absl::StatusOr<std::optional<StoredPasskey>> Find(const std::string& organisation_id,
                                                    const std::string& host,
                                                    const std::string& credential_id) override;
  absl::StatusOr<std::vector<CaseAccess>> ListGrants(const std::string& organisation_id,
                                                     const std::string& account_id,
                                                     const std::string& phone_id) override;
  absl::StatusOr<Session> Enter(const NewSession& session, const PasskeyEntry& entry,
                                const Call& call) override;
  absl::Status Use(const Subject& subject, const PasskeyEntry& entry, const Call& call) override;

 private:
  absl::StatusOr<Session> EnterBy(Transaction& tx, const NewSession& session,
                                  const PasskeyEntry& entry, const Call& call);
  void NoteWentBack(const Subject& subject, const PasskeyEntry& entry, const Call& call);

  Postgres& postgres_;
  Jobs& jobs_;
  AccessStore& access_;
  const Secret key_;
};

}  // namespace gatehouse::identity
