// What a portal's developer writes with @hey-api/openapi-ts: the compiler knows the reasons of each
// answer, and the facts of each reason.
import {
  signInVerifySignIn,
  type CreateInvitationRequest,
  type CreateStaffTokenResponse,
  type InvitationNotAllowedProblem,
  type InvitationState,
  type SignInVerifySignInError,
  type SignInVerifySignInErrors,
  type VerifySignInRequest,
} from "./generated/hey-api/index.ts";

type Refusal =
  Omit<SignInVerifySignInErrors, 500 | 503 | 504> extends infer Errors
    ? Errors[keyof Errors]
    : never;

function unknown(reason: never): never {
  throw new Error(`a reason that nobody declared: ${JSON.stringify(reason)}`);
}

const isRefusal = (problem: SignInVerifySignInError): problem is Refusal =>
  problem.reason !== undefined;

export async function enter(request: VerifySignInRequest): Promise<string> {
  const { data, error } = await signInVerifySignIn({ body: request, credentials: "include" });
  if (data !== undefined) return `Welcome to ${data.session.caseIds.length.toFixed()} cases.`;
  if (isRefusal(error)) return whatToSay(error);
  return `Try again in ${error.retry_after ?? 60} seconds.`;
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
