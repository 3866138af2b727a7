#include "services/invitation/domain/invitations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/invitation/domain/portal.h"
#include "services/invitation/domain/preflight.h"
#include "services/invitation/domain/wanted.h"

namespace gatehouse::invitation {
namespace {

// The most that an SMS may cost: who has as much need not ask what a code does.
constexpr int64_t kCodeCreditsMax = 10;

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such thing here"); }

const Invitation* Find(const std::vector<Invitation>& invitations, const std::string& id) {
  for (const Invitation& invitation : invitations) {
    if (invitation.invitation_id == id) return &invitation;
  }
  return nullptr;
}

// Whether the contact of an invitation has another one that lives.
bool HasAnother(const std::vector<Invitation>& all, const Invitation& one, absl::Time now) {
  return std::any_of(all.begin(), all.end(), [&](const Invitation& other) {
    return other.invitation_id != one.invitation_id && other.contact_id == one.contact_id &&
           IsLive(other, now);
  });
}

bool SameAddresses(const Invitation& one, const Invitation& other) {
  return one.contact_name == other.contact_name && one.email == other.email &&
         one.mobile == other.mobile;
}

// How an e-mail says when its link ends, in the organisation's own time.
std::string Expiry(absl::Time end, const std::string& time_zone) {
  if (end == absl::InfiniteFuture()) return "when it is withdrawn";
  absl::TimeZone zone = absl::UTCTimeZone();
  (void)absl::LoadTimeZone(time_zone, &zone);
  return absl::StrReplaceAll(absl::FormatTime("on %A, %e %B %Y at %H:%M (%Z)", end, zone),
                             {{"  ", " "}});
}

// An API key is nobody: then it is the organisation that invites.
std::string SenderOf(const Call& call, const OrganisationProfile& organisation) {
  const bool person = call.caller.actor_id != call.caller.credential_id;
  return person && !call.caller.actor_name.empty() ? call.caller.actor_name
                                                   : organisation.display_name;
}

std::string AuthorOf(const Call& call) {
  return call.caller.actor_name.empty() ? "Gatehouse" : call.caller.actor_name;
}

}  // namespace

const ContactProfile* CaseProfile::Find(const std::string& contact_id) const {
  const auto found = std::find_if(contacts.begin(), contacts.end(), [&](const auto& contact) {
    return contact.contact_id == contact_id;
  });
  return found == contacts.end() ? nullptr : &*found;
}

std::string OrganisationProfile::PortalFor(const std::string& chosen) const {
  const bool known = std::find(portal_urls.begin(), portal_urls.end(), chosen) != portal_urls.end();
  return known ? chosen : portal_url;
}

std::string Invitations::HashOf(const std::string& token) { return Sha256(token); }

// Derived from the link's id, so that a repeated request can be given the same link.
Secret Invitations::TokenOf(const std::string& link_id) const {
  return Secret(Base64Url(HmacSha256(key_.Reveal(), link_id)));
}

Link Invitations::MakeLink(const Policy& policy, absl::Time end) const {
  Link link;
  link.link_id = NewId("lnk");
  link.token_hash = HashOf(TokenOf(link.link_id).Reveal());
  link.single_use = policy.single_use_links();
  link.expire_time = end;
  return link;
}

// The token stands in the fragment, which no server and no link scanner is sent.
Secret Invitations::UrlOf(const OrganisationProfile& organisation, const Invitation& invitation,
                          const std::string& link_id) const {
  return Secret(absl::StrCat(organisation.PortalFor(invitation.portal_url), "/i#",
                             TokenOf(link_id).Reveal()));
}

Mail Invitations::Compose(const Invitation& invitation, const Conditions& conditions,
                          const Asked& asked, const Link& link, const Call& call) const {
  const Wording& wording = asked.wording;
  // A template that was chosen goes before the policy's text.
  const std::string& template_id =
      wording.template_id.empty() ? conditions.template_id : wording.template_id;
  const bool chosen = !template_id.empty();
  const v1::EmailText text = chosen ? v1::EmailText() : conditions.policy.email();
  const OrganisationProfile& organisation = conditions.organisation;
  const std::string& owner = conditions.mirrored.owner_name;
  return {.request_id = invitation.message_request_id,
          .template_id = template_id,
          .language = wording.language,
          .subject = wording.subject.empty() ? text.subject() : wording.subject,
          .body = wording.body.empty() ? text.body() : wording.body,
          .values = {{"contact_name", invitation.contact_name},
                     {"case_name", conditions.mirrored.display_name},
                     {"organisation_name", organisation.display_name},
                     {"sender_name", owner.empty() ? SenderOf(call, organisation) : owner},
                     {"documents", WantedText(conditions.wanted, invitation)},
                     {"expiry", Expiry(link.expire_time, organisation.time_zone)},
                     {"entering", Entering(conditions.policy)},
                     {"link", UrlOf(organisation, invitation, link.link_id).Reveal()}},
          .expire_time = std::min(link.expire_time, clock_.Now() + absl::Hours(72))};
}

std::optional<CodeRequest> Invitations::FirstCode(const Invitation& invitation,
                                                  const Conditions& conditions, const Link& link) {
  const Policy& policy = conditions.policy;
  if (!policy.send_code_with_invitation()) return std::nullopt;
  return CodeRequest{invitation, link, conditions.organisation,
                     policy.email_code_to_owner() ? conditions.mirrored.owner_email : ""};
}

absl::StatusOr<Invitations::Conditions> Invitations::Check(const std::string& case_id,
                                                           const std::string& contact_id,
                                                           const Asked& asked, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  const Wording& wording = asked.wording;
  RETURN_IF_ERROR(CheckEmailText(wording.subject, wording.body));
  if (!wording.template_id.empty() || !wording.subject.empty() || !wording.body.empty()) {
    RETURN_IF_ERROR(directory_.CheckWording(id, wording));
  }
  Conditions conditions;
  ASSIGN_OR_RETURN(const Facts facts, directory_.LookUpFacts(id, case_id));
  conditions.mirrored = facts.mirrored;
  conditions.organisation = facts.organisation;
  conditions.wanted = facts.documents.wanted;
  const ContactProfile* const contact = conditions.mirrored.Find(contact_id);
  if (contact == nullptr) return NotFound();
  conditions.contact = *contact;
  ASSIGN_OR_RETURN(conditions.policy, store_.GetPolicy(id, conditions.organisation.region));
  if (HasPasswords(conditions.policy) && wording.template_id.empty()) {
    ASSIGN_OR_RETURN(conditions.template_id, PasswordTemplate(id, *contact, wording));
  }
  ASSIGN_OR_RETURN(conditions.portal_url, PortalOf(asked.portal_url, conditions.organisation));
  for (const std::string& wanted : asked.document_request_ids) {
    const auto& known = facts.documents.document_request_ids;
    if (std::find(known.begin(), known.end(), wanted) == known.end()) {
      return RefuseField("document_request_ids", "names a document request that the case lacks");
    }
  }
  SmsStatus sms = facts.sms;
  if (sms.balance < kCodeCreditsMax) {  // By an account of the organisation's own they cost none.
    ASSIGN_OR_RETURN(sms.segments, directory_.PriceOfCode(
                                       id, conditions.organisation.display_name,
                                       conditions.organisation.PortalFor(conditions.portal_url)));
  }
  if (sms.configured && SendsCodes(conditions.policy) && !contact->e164.empty()) {
    ASSIGN_OR_RETURN(sms, directory_.LookUpNumber(id, contact->e164, sms));
  }
  conditions.violations =
      Preflight(*contact, conditions.mirrored, facts.documents, sms, conditions.policy);
  return conditions;
}

// Who has a password already is welcomed, everybody else is asked to create one. The text of that
// is nobody's to change.
absl::StatusOr<std::string> Invitations::PasswordTemplate(const std::string& organisation_id,
                                                          const ContactProfile& contact,
                                                          const Wording& wording) {
  if (!IsEmail(contact.email)) return std::string();  // It cannot be invited anyway.
  ASSIGN_OR_RETURN(
      const PasswordStanding standing,
      directory_.LookUpPassword(organisation_id, contact.contact_id, contact.e164, contact.email));
  Wording made = wording;
  made.template_id = standing == PasswordStanding::kNone ? "create-password"
                                                         : "CustomerInvitationFromAnotherOffice";
  if (!wording.subject.empty() || !wording.body.empty()) {
    RETURN_IF_ERROR(directory_.CheckWording(organisation_id, made));
  }
  return made.template_id;
}

absl::StatusOr<Made> Invitations::Create(const Asked& asked, const Call& call) {
  const std::string& organisation_id = call.caller.organisation_id;
  if (!asked.flow_ids.empty()) {
    RETURN_IF_ERROR(directory_.CheckFlows(organisation_id, asked.flow_ids));
  }
  ASSIGN_OR_RETURN(const Conditions conditions,
                   Check(asked.case_id, asked.contact_id, asked, call));
  const absl::Time now = clock_.Now();
  const ContactProfile& contact = conditions.contact;
  const Link link = MakeLink(conditions.policy, LinkEnd(conditions.policy, now));
  Made made;
  made.invitation = {.organisation_id = organisation_id,
                     .invitation_id = NewId("inv"),
                     .case_id = asked.case_id,
                     .contact_id = asked.contact_id,
                     .delivery = asked.delivery,
                     .visibility = asked.visibility.value_or(VisibilityOf(conditions.policy)),
                     .document_request_ids = asked.document_request_ids,
                     .flow_ids = asked.flow_ids,
                     .contact_name = contact.name,
                     .email = contact.email,
                     .mobile = contact.e164,
                     .inviter_name = AuthorOf(call),
                     .portal_url = conditions.portal_url,
                     .expire_time = link.expire_time,
                     .create_time = now};
  const auto decide = [&](const std::vector<Invitation>& invitations) -> Decision {
    std::vector<Violation> violations = conditions.violations;
    for (Violation& violation :
         CheckCap(invitations, asked.contact_id, "", conditions.policy, now)) {
      violations.push_back(std::move(violation));
    }
    RETURN_IF_ERROR(RefuseIfAny(violations));
    if (asked.validate_only) return std::nullopt;
    Change change;
    if (asked.delivery == Delivery::kEmail) {
      made.invitation.message_request_id = link.link_id;
      made.invitation.send_time = now;
      made.invitation.delivery_state = DeliveryState::kQueued;
      change.mail = Compose(made.invitation, conditions, asked, link, call);
      change.code = FirstCode(made.invitation, conditions, link);
    }
    change.invitation = made.invitation;
    change.replaces_expired = true;
    change.new_links = {link};
    change.event = v1::InvitationCreated();
    change.note = absl::StrCat(contact.name, " was invited to the portal.");
    change.author = AuthorOf(call);
    change.portal = Portal::kInvited;
    change.etag = conditions.mirrored.etag;
    return change;
  };
  RETURN_IF_ERROR(store_.Transact(organisation_id, asked.case_id, decide));
  if (asked.validate_only) made.invitation.invitation_id.clear();
  if (made.invitation.delivery == Delivery::kLinkOnly && !asked.validate_only) {
    made.link = UrlOf(conditions.organisation, made.invitation, link.link_id);
  }
  return made;
}

absl::StatusOr<Invitation> Invitations::Alter(
    const std::string& case_id, const std::string& invitation_id, const Call& call,
    const std::function<Decision(const Invitation&, const std::vector<Invitation>&)>& decide) {
  Invitation result;
  RETURN_IF_ERROR(store_.Transact(call.caller.organisation_id, case_id,
                                  [&](const std::vector<Invitation>& all) -> Decision {
                                    const Invitation* const found = Find(all, invitation_id);
                                    if (found == nullptr) return NotFound();
                                    ASSIGN_OR_RETURN(auto change, decide(*found, all));
                                    result = change.has_value() ? change->invitation : *found;
                                    return change;
                                  }));
  return result;
}

absl::StatusOr<Invitation> Invitations::Resend(const std::string& case_id,
                                               const std::string& invitation_id, const Asked& text,
                                               const Call& call) {
  ASSIGN_OR_RETURN(const Invitation old,
                   store_.Get(call.caller.organisation_id, case_id, invitation_id));
  ASSIGN_OR_RETURN(const Conditions conditions, Check(case_id, old.contact_id, text, call));
  const absl::Time now = clock_.Now();
  return Alter(case_id, invitation_id, call,
               [&](const Invitation& found, const std::vector<Invitation>& all) -> Decision {
                 RETURN_IF_ERROR(CheckResend(StateAt(found, now)));
                 std::vector<Violation> violations = conditions.violations;
                 for (Violation& violation :
                      CheckCap(all, found.contact_id, invitation_id, conditions.policy, now)) {
                   violations.push_back(std::move(violation));
                 }
                 RETURN_IF_ERROR(RefuseIfAny(violations));
                 return Renew(found, conditions, text, call);
               });
}

Decision Invitations::Renew(const Invitation& found, const Conditions& conditions,
                            const Asked& text, const Call& call) const {
  const absl::Time now = clock_.Now();
  const absl::Time end = LinkEnd(conditions.policy, now);
  Change change;
  change.invitation = found;
  change.invitation.state = State::kPending;
  change.invitation.contact_name = conditions.contact.name;
  change.invitation.email = conditions.contact.email;
  change.invitation.mobile = conditions.contact.e164;
  change.invitation.expire_time = end;
  if (found.delivery == Delivery::kEmail) {
    const Link link = MakeLink(conditions.policy, end);
    change.invitation.message_request_id = link.link_id;
    change.invitation.send_time = now;
    change.invitation.delivery_state = DeliveryState::kQueued;
    change.kill_old_links = true;
    change.new_links = {link};
    change.mail = Compose(change.invitation, conditions, text, link, call);
    change.code = FirstCode(change.invitation, conditions, link);
    change.note = absl::StrCat(found.contact_name, " was sent the invitation again.");
  } else {
    change.links_end = end;
    change.note = absl::StrCat("The invitation of ", found.contact_name, " was prolonged.");
  }
  if (change.invitation.mobile != found.mobile) change.rebinding = Rebinding();
  change.rebinds_address = !SameMailbox(change.invitation.email, found.email);
  change.replaces_expired = true;
  change.event = v1::InvitationResent();
  change.author = AuthorOf(call);
  change.portal = Portal::kInvited;
  change.etag = conditions.mirrored.etag;
  return change;
}

absl::StatusOr<Invitation> Invitations::Revoke(const std::string& case_id,
                                               const std::string& invitation_id, const Call& call) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(
      const Invitation revoked,
      Alter(case_id, invitation_id, call,
            [&](const Invitation& found, const std::vector<Invitation>& all) -> Decision {
              if (found.state == State::kRevoked) return std::nullopt;
              Change change;
              change.invitation = found;
              change.invitation.state = State::kRevoked;
              change.invitation.revoke_time = now;
              change.kill_old_links = true;
              change.event = v1::InvitationRevoked();
              change.note =
                  absl::StrCat("The portal access of ", found.contact_name, " was revoked.");
              change.author = AuthorOf(call);
              // An old one says nothing about the contact that has a newer one.
              if (!HasAnother(all, found, now)) change.portal = Portal::kRevoked;
              change.revoke_grant = true;
              return change;
            }));
  // The outbox would tell identity too, in time; but whoever revokes may rely on the answer.
  RETURN_IF_ERROR(directory_.RevokeGrant(revoked, call));
  return revoked;
}

absl::Status Invitations::Follow(const std::string& case_id, const CaseProfile* mirrored,
                                 const Call& call) {
  ASSIGN_OR_RETURN(const std::vector<Invitation> open,
                   store_.ListOpen(call.caller.organisation_id, case_id));
  for (const Invitation& invitation : open) {
    // An invitation that ran out unused gives nothing; sending it again looks at the mirror.
    if (!IsLive(invitation, clock_.Now())) continue;
    const ContactProfile* const contact =
        mirrored == nullptr ? nullptr : mirrored->Find(invitation.contact_id);
    if (contact == nullptr) {
      RETURN_IF_ERROR(Revoke(case_id, invitation.invitation_id, call).status());
    } else {
      RETURN_IF_ERROR(Correct(invitation, *contact, call));
    }
  }
  return absl::OkStatus();
}

absl::Status Invitations::Correct(const Invitation& old, const ContactProfile& contact,
                                  const Call& call) {
  const auto corrected = [&](Invitation invitation) {
    if (!contact.name.empty()) invitation.contact_name = contact.name;
    if (IsEmail(contact.email)) invitation.email = contact.email;
    invitation.mobile = contact.e164;
    return invitation;
  };
  if (SameAddresses(corrected(old), old)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   directory_.RecallOrganisation(old.organisation_id));
  ASSIGN_OR_RETURN(const Policy policy, store_.GetPolicy(old.organisation_id, organisation.region));
  return Alter(old.case_id, old.invitation_id, call,
               [&](const Invitation& found, const std::vector<Invitation>&) -> Decision {
                 if (!IsLive(found, clock_.Now())) return std::nullopt;
                 Change change;
                 change.invitation = corrected(found);
                 change.author = AuthorOf(call);
                 if (!SameMailbox(change.invitation.email, found.email)) {
                   change.rebinds_address = true;
                   // In the wrong mailbox it is all that is asked for.
                   change.kill_old_links = !SendsCodes(policy);
                   change.note = absl::StrCat("The e-mail address of ", found.contact_name,
                                              " was changed: the old one leads in no more.");
                 }
                 if (change.invitation.mobile == found.mobile) return change;
                 change.rebinding =
                     Rebinding{// Who never entered may be a stranger, whose number was a mistake.
                               .old_mobile = found.state == State::kAccepted ? found.mobile : "",
                               .organisation_name = organisation.display_name};
                 change.event = v1::InvitationMobileChanged();
                 absl::StrAppend(&change.note, change.note.empty() ? "" : " ",
                                 "The mobile number of ", found.contact_name,
                                 " was changed: codes go to the new one.");
                 return change;
               })
      .status();
}

absl::StatusOr<NewLink> Invitations::CreateLink(const std::string& case_id,
                                                const std::string& invitation_id,
                                                const Call& call) {
  const std::string& id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const OrganisationProfile organisation, directory_.LookUpOrganisation(id));
  ASSIGN_OR_RETURN(const Policy policy, store_.GetPolicy(id, organisation.region));
  const absl::Time now = clock_.Now();
  const Link link = MakeLink(policy, LinkEnd(policy, now));
  ASSIGN_OR_RETURN(const Invitation changed,
                   Alter(case_id, invitation_id, call,
                         [&](const Invitation& found, const std::vector<Invitation>&) -> Decision {
                           ASSIGN_OR_RETURN(const auto links, store_.ListLinks(id, invitation_id));
                           RETURN_IF_ERROR(CheckNewLink(StateAt(found, now), links, now));
                           Change change;
                           change.invitation = found;
                           change.invitation.expire_time =
                               std::max(found.expire_time, link.expire_time);
                           change.new_links = {link};
                           change.event = v1::InvitationLinkCreated();
                           if (found.state == State::kPending) change.portal = Portal::kInvited;
                           return change;
                         }));
  return NewLink{UrlOf(organisation, changed, link.link_id), link.expire_time};
}

absl::StatusOr<Invitation> Invitations::Unlock(const std::string& case_id,
                                               const std::string& invitation_id, const Call& call) {
  ASSIGN_OR_RETURN(const Invitation found,
                   store_.Get(call.caller.organisation_id, case_id, invitation_id));
  // Without a number there is nothing to be locked.
  if (!found.mobile.empty()) RETURN_IF_ERROR(directory_.UnlockSignIn(found, call));
  return found;
}

absl::StatusOr<Invitation> Invitations::ResetFactors(const std::string& case_id,
                                                     const std::string& invitation_id,
                                                     const Call& call) {
  const std::string& id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const OrganisationProfile organisation, directory_.RecallOrganisation(id));
  // The links first, of whichever case: by one of them a new password could be created.
  ASSIGN_OR_RETURN(const Invitation found,
                   Alter(case_id, invitation_id, call,
                         [&](const Invitation& invitation, const std::vector<Invitation>&) {
                           Change change;
                           change.invitation = invitation;
                           change.kill_old_links = change.kill_links_of_contact = true;
                           change.note = absl::StrCat("The sign-in of ", invitation.contact_name,
                                                      " was reset: a new link is needed.");
                           change.author = AuthorOf(call);
                           return Decision(change);
                         }));
  RETURN_IF_ERROR(directory_.ResetFactors(found, organisation.display_name, call));
  return found;
}

absl::Status Invitations::Accept(const Entry& entry) {
  const std::string& id = entry.organisation_id;
  if (!entry.link_serves_many) {
    RETURN_IF_ERROR(store_.UseLink(id, entry.link_id, entry.challenge_id));
  }
  const auto tell = [](const Invitation& accepted) {
    Change change;
    change.invitation = accepted;
    change.event = v1::InvitationAccepted();
    change.note = absl::StrCat(accepted.contact_name, " entered the portal for the first time.");
    change.author = accepted.contact_name;
    change.portal = Portal::kActive;
    return change;
  };
  ASSIGN_OR_RETURN(const State before, store_.Accept(entry, clock_.Now(), tell));
  if (before != State::kExpired) return absl::OkStatus();
  // A newer one has replaced it: the session that was just made stands on nothing.
  Call call;
  call.caller.organisation_id = id;
  call.caller.actor_name = "Gatehouse";
  RETURN_IF_ERROR(directory_.RevokeGrant(
      {.organisation_id = id, .invitation_id = entry.invitation_id, .case_id = entry.case_id},
      call));
  return CheckLink(LinkState::kExpired);
}

}  // namespace gatehouse::invitation
