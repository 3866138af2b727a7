#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"
#include "services/identity/domain/access_store.h"
#include "services/identity/domain/actor.h"
#include "services/identity/domain/challenge_store.h"
#include "services/identity/domain/factor.h"

namespace gatehouse::identity {

constexpr absl::Duration kCodeLife = absl::Minutes(5);
constexpr absl::Duration kLeastLife = absl::Minutes(3);  // Of a code that has just been sent.
constexpr absl::Duration kLongestLife = absl::Minutes(10);
constexpr absl::Duration kCoolDown = absl::Seconds(60);
constexpr int kTries = 5;
// For a number or an address: by one organisation, and by all together.
constexpr int kCodesAnHour = 5, kCodesADay = 10, kCodesADayByAll = 30;
constexpr int kCodesAMinute = 100;               // For a client's address.
constexpr int kCodesADayByOrganisation = 10000;  // By default.
constexpr absl::Duration kDoubleSubmit = absl::Seconds(30);
constexpr int kWrongRepeats = 3;  // That end the time for a double submit.

absl::Status LockedUntil(const FactorState& factor, absl::Time now);

// Signing in: challenges, and the sessions that they lead to.
class Challenges {
 public:
  // Runs a piece of work some time after its asker was answered, or never.
  using Later = std::function<void(std::function<void()>)>;
  // `factors` are the ways in; what is silent about them happens later.
  Challenges(ChallengeStore& challenges, AccessStore& access, std::vector<Factor*> factors,
             Secret key, const Clock& clock, Later later)
      : challenges_(challenges),
        access_(access),
        factors_(std::move(factors)),
        key_(std::move(key)),
        clock_(clock),
        later_(std::move(later)) {}

  absl::StatusOr<Challenge> Start(const Subject& subject, const Call& call);
  // The same ahead of the client, once for a `request_id` and not after `expire_time`; what is
  // refused is not sent.
  absl::Status Offer(const Subject& subject, const std::string& request_id, absl::Time expire_time,
                     const Call& call);
  absl::StatusOr<Challenge> Resend(const std::string& challenge_id, const Call& call);

  struct Entered {
    Session session;
    Secret token;
    Subject subject;
  };
  // `nonce` is what the client made for this attempt and will repeat with it; empty: nothing, and
  // then a second submit gets no second answer. What cannot be a proof costs no attempt.
  // `session_token` is that of the session that the client is in already, if any: the new one takes
  // its place and enters its cases too, where the same phone proved it.
  absl::StatusOr<Entered> Verify(const std::string& challenge_id, const std::string& proof,
                                 const std::string& nonce, const Secret& session_token,
                                 const Call& call);
  // Enters by a link that is all that is asked for. Whoever has it reads the contact's mailbox, so
  // that it is a factor of that: what ends the mailbox's sessions ends this one. The same link and
  // nonce get the same session, while it lives.
  absl::StatusOr<Entered> EnterByLink(Subject subject, const std::string& nonce,
                                      const Secret& session_token, const Call& call);
  // A proof of a challenge that was started for this deed of this organisation (Subject::link_id):
  // whose it was. It enters nowhere. `nonce` as of Verify().
  absl::StatusOr<Subject> Confirm(const std::string& challenge_id, const std::string& deed_id,
                                  const std::string& proof, const std::string& nonce,
                                  const Call& call);
  // What a challenge was started for. Refuses CHALLENGE_EXPIRED, also for one of another kind than
  // these ways in: what confirms a deed does not sign in.
  absl::StatusOr<Subject> Find(const std::string& challenge_id) const;
  // Lets whoever is locked out try again, and be sent codes again: staff have acted.
  absl::Status Unlock(const std::string& contact_id, const std::string& mobile,
                      const std::string& case_id, const Actor& actor, const Call& call);

  FactorKey KeyOf(const std::string& organisation_id, const std::string& contact_id,
                  const std::string& mobile) const;
  FactorKey KeyOf(const Subject& subject) const;

 private:
  absl::StatusOr<Factor*> FactorOf(SignInMethod method) const;
  absl::StatusOr<Factor*> FactorOf(const std::string& challenge_id) const;
  std::string NonceMacOf(const std::string& challenge_id, const std::string& nonce) const;
  // How often the account was reset.
  absl::StatusOr<int64_t> CheckFactor(const Subject& subject);
  // Counts the attempt, compares, consumes.
  absl::StatusOr<Subject> Prove(const std::string& challenge_id, const std::string& proof,
                                const std::string& nonce);
  // A session that is the same for the same proof.
  absl::StatusOr<Entered> Admit(const Subject& subject, const std::string& proof,
                                const Secret& session_token, const Call& call);
  // The right proof of this challenge: in a sandbox everybody knows it.
  static absl::StatusOr<std::string> ExpectedOf(const Factor& factor, const std::string& id,
                                                const Subject& subject);
  absl::StatusOr<Challenge> StartAs(Factor& factor, const std::string& id, Subject subject,
                                    const Call& call);
  absl::Status Send(Factor& factor, const ChallengeStore::Started& started, const Subject& subject);
  absl::Status HandOver(Factor& factor, const ChallengeStore::Started& started,
                        const Subject& subject);

  ChallengeStore& challenges_;
  AccessStore& access_;
  const std::vector<Factor*> factors_;
  const Secret key_;
  const Clock& clock_;
  const Later later_;
};

}  // namespace gatehouse::identity
