// What a portal's developer writes with openapi-typescript: the compiler knows the reasons of each
// answer, and the facts of each reason.
import type { components, paths } from "./generated/openapi-typescript.ts";

type Responses = paths["/v1/portal/signIn:verify"]["post"]["responses"];
type Problem<Status extends keyof Responses> = Responses[Status] extends {
  content: { "application/problem+json": infer Body };
}
  ? Body
  : never;

function unknown(reason: never): never {
  throw new Error(`a reason that nobody declared: ${JSON.stringify(reason)}`);
}

export function whatToSay(
  problem: Problem<400> | Problem<401> | Problem<403> | Problem<413> | Problem<415> | Problem<429>,
): string {
  switch (problem.reason) {
    case "CODE_WRONG":
      return `That is not the code. ${problem.attemptsLeft.toFixed()} tries are left.`;
    case "PASSWORD_WRONG":
      return "That is not the password of this address.";
    case "CODE_MALFORMED":
      return "A code has six digits.";
    case "CHALLENGE_EXPIRED":
    case "CHALLENGE_LOCKED":
      return "Ask for a new code.";
    case "SIGN_IN_LOCKED":
    case "TOO_MANY_REQUESTS":
      return `Try again in ${problem.retry_after ?? 60} seconds.`;
    case "SIGN_IN_DISABLED":
    case "ACCESS_REVOKED":
    case "LINK_USED":
      return "Ask whoever invited you.";
    case "CROSS_SITE_SIGN_IN":
    case "DIGEST_INVALID":
    case "DIGEST_MISMATCH":
    case "CONTENT_ENCODING_NOT_SUPPORTED":
    case "INVALID_REQUEST":
    case "NOT_JSON":
    case "BODY_TOO_LARGE":
    case "ORIGIN_NOT_ALLOWED":
      return "This page has a mistake.";
    default:
      return unknown(problem);
  }
}

// A body with a required field may not be left out, and a time that is always set need not be asked
// for.
type Create = paths["/v1/cases/{caseId}/invitations"]["post"];
export const body: Create["requestBody"]["content"]["application/json"] = { contactId: "ada" };
export const ends = (token: components["schemas"]["CreateStaffTokenResponse"]) =>
  new Date(token.expireTime);

// What is never sent is no value.
export function isOpen(state: components["schemas"]["InvitationState"]): boolean {
  switch (state) {
    case "PENDING":
    case "ACCEPTED":
      return true;
    case "EXPIRED":
    case "REVOKED":
      return false;
    default:
      return unknown(state);
  }
}

// Each unmet condition of an invitation is one of a list.
export function missing(problem: components["schemas"]["InvitationNotAllowedProblem"]): string[] {
  const labels = problem.violations.filter(({ type }) => type === "LABELLED_DOCUMENT_MISSING");
  return labels.map(({ subject }) => subject ?? "");
}

// The facts of an event follow from its type.
export function about(event: components["schemas"]["Event"]): string | undefined {
  switch (event.type) {
    case "case.deleted":
    case "terms.published":
      return undefined;
    case "case.moved":
      return event.data.toStateId;
    case "document.uploaded":
      return event.data.documentRequestId ?? event.data.documentId;
    case "document.deleted":
    case "document.infected":
    case "document.shared":
      return event.data.documentId;
    case "documentRequest.accepted":
    case "documentRequest.declined":
    case "documentRequest.returned":
      return event.data.documentRequestId;
    case "factFind.opened":
    case "factFind.submitted":
    case "factFind.unlocked":
      return event.data.factFindId;
    case "offer.shared":
    case "offer.seen":
    case "offer.accepted":
    case "offer.declined":
    case "offer.withdrawn":
    case "offer.closed":
      return event.data.offerId;
    case "visit.arranged":
    case "visit.confirmed":
    case "visit.declined":
    case "visit.rescheduled":
    case "visit.cancelled":
      return event.data.visitId;
    case "contact.erased":
      return event.data.erasureId;
    case "contact.exported":
      return event.data.exportId;
    case "contact.updated":
    case "drawing.updated":
    case "incident.created":
    case "incident.replied":
    case "terms.accepted":
    case "invitation.created":
    case "invitation.resent":
    case "invitation.linkCreated":
    case "invitation.mobileChanged":
    case "invitation.accepted":
    case "invitation.revoked":
    case "invitation.expired":
      return event.data.contactId;
    case "conversation.posted":
    case "conversation.replied":
      return event.data.messageId;
    case "credits.low":
      return event.data.balance;
    case "credits.rechargeWanted":
      return event.data.reference;
    default:
      return aboutSigning(event);
  }
}

type Signing = Extract<components["schemas"]["Event"], { type: `signature.${string}` }>;
function aboutSigning(event: Signing): string {
  switch (event.type) {
    case "signature.requested":
    case "signature.given":
    case "signature.declined":
    case "signature.submitted":
    case "signature.returned":
      return event.data.contactId;
    case "signature.countersigning":
    case "signature.completed":
    case "signature.voided":
    case "signature.expired":
    case "signature.sealed":
      return event.data.documentId;
    default:
      return unknown(event);
  }
}

// And those of a row of the audit trail.
export const before = (rows: components["schemas"]["AuditEvent"][]) =>
  rows.flatMap((row) => (row.type === "settings.updated" ? [row.data.before] : []));
