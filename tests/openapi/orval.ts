// What a portal's developer writes with orval: an answer is told apart by its status, and the
// compiler knows the reasons of each, and the facts of each reason.
import {
  signInVerifySignIn,
  type signInVerifySignInResponseError,
  type CreateInvitationRequest,
  type CreateStaffTokenResponse,
  type InvitationNotAllowedProblem,
  type InvitationState,
  type VerifySignInRequest,
} from "./generated/orval.ts";

type Refusal = Exclude<signInVerifySignInResponseError, { status: 500 | 503 | 504 }>["data"];

function unknown(reason: never): never {
  throw new Error(`a reason that nobody declared: ${JSON.stringify(reason)}`);
}

export async function enter(request: VerifySignInRequest): Promise<string> {
  const answer = await signInVerifySignIn(request, { credentials: "include" });
  switch (answer.status) {
    case 200:
      return `Welcome to ${answer.data.session.caseIds.length.toFixed()} cases.`;
    case 500:
    case 503:
    case 504:
      return `Try again in ${answer.data.retry_after ?? 60} seconds.`;
    default:
      return whatToSay(answer.data);
  }
}

export function whatToSay(problem: Refusal): string {
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

// What is required must be there, what is always set need not be asked for, and what is never sent
// is no value.
export const body: CreateInvitationRequest = { contactId: "ada" };
export const ends = (token: CreateStaffTokenResponse) => new Date(token.expireTime);
export function isOpen(state: InvitationState): boolean {
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
export const missing = (problem: InvitationNotAllowedProblem): string[] =>
  problem.violations
    .filter(({ type }) => type === "LABELLED_DOCUMENT_MISSING")
    .map(({ subject }) => subject ?? "");
