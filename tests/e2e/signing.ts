// What signers and staff do about a document that is signed, for the journeys of that.
import assert from "node:assert/strict";
import { Browser, Office, codeTo, ok, sha256, textsTo, upload, type Schemas } from "./harness.ts";

export const staffPath = "/v1/cases/{caseId}/signatureRequests/{signatureRequestId}";
export const portalPath = "/v1/portal/cases/{caseId}/signatureRequests/{signatureRequestId}";

export function about(office: Office, signatureRequestId: string) {
  return { params: { path: { caseId: office.caseId, signatureRequestId } } };
}
export async function send(
  office: Office,
  documentId: string,
  signers: number[],
  more: object = {},
) {
  const contactIds = signers.map((index) => office.contacts[index].contactId);
  return ok(
    office.api.POST("/v1/cases/{caseId}/signatureRequests", {
      ...office.aboutCase(),
      body: { documentId, contactIds, method: "ELECTRONIC", ...more },
    }),
  );
}
export async function listed(browser: Browser, office: Office) {
  const path = "/v1/portal/cases/{caseId}/signatureRequests";
  return (await ok(browser.api.GET(path, office.aboutCase()))).signatureRequests;
}
export async function read(browser: Browser, office: Office, id: string) {
  const path = `${portalPath}/content` as const;
  const asked = { ...about(office, id), parseAs: "arrayBuffer" as const };
  const { data, response } = await browser.api.GET(path, asked);
  assert.equal(response.status, 200);
  return Buffer.from(data as unknown as ArrayBuffer);
}
export function start(browser: Browser, office: Office, id: string, documentSha256: string) {
  return browser.api.POST(`${portalPath}:start`, {
    ...about(office, id),
    body: { documentSha256, consent: true },
  });
}
export function sign(
  browser: Browser,
  office: Office,
  id: string,
  challengeId: string,
  code: string,
  values: Schemas["SignatureFieldValue"][] = [],
) {
  return browser.api.POST(`${portalPath}:sign`, {
    ...about(office, id),
    body: { challengeId, code, typedName: "Ada Lovelace", nonce: browser.nonce, values },
  });
}
export async function countTexts(mobile: string) {
  return (await textsTo(mobile)).length;
}
/** All that a signer does: reads, consents, and signs with the code of the newest SMS. */
export async function readAndSign(browser: Browser, office: Office, index: number, id: string) {
  const mobile = office.contacts[index].mobile!;
  const bytes = await read(browser, office, id);
  const before = await countTexts(mobile);
  const { challengeId } = await ok(start(browser, office, id, sha256(bytes)));
  return ok(sign(browser, office, id, challengeId, await codeTo(mobile, before + 1)));
}
/** A document whose page can be read, as what is sealed must be. */
export async function holdPage(office: Office) {
  const page = [
    "%PDF-1.4",
    "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj",
    "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj",
    "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >> endobj",
    "trailer << /Root 1 0 R >>",
    "%%EOF",
  ].join("\n");
  const path = `/v1/cases/${office.caseId}/documents?filename=offer.pdf`;
  const { response, body } = await upload(path, Buffer.from(page), office.bearer());
  assert.equal(response.status, 200, JSON.stringify(body));
  return body;
}
