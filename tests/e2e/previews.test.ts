// Small pictures of documents: a phone's photo upright, the first page of a PDF; for who may see
// them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Browser, Office, eventually, ok, pdf, url, upload, type Schemas } from "./harness.ts";

// Taken by a phone that was held upright: 400 by 300 pixels, to be turned right.
const photo = readFileSync(
  new URL("../../services/documents/previews/tests/sideways.heic", import.meta.url),
);
const page = Buffer.from(`%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 600 300] >> endobj
trailer << /Root 1 0 R >>
`);

type Who = { headers(): Record<string, string> };

async function handIn(browser: Browser, office: Office, bytes: Buffer, filename: string) {
  const query = new URLSearchParams({ filename });
  const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
  const { response, body } = await upload(path, bytes, {
    ...browser.headers(),
    "Content-Type": "application/octet-stream",
  });
  assert.equal(response.status, 200, JSON.stringify(body));
  return body;
}
/** The client's document once its preview has come to its end. */
function settled(browser: Browser, office: Office, documentId: string) {
  return eventually(async () => {
    const path = "/v1/portal/cases/{caseId}/documents";
    const { documents } = await ok(browser.api.GET(path, office.aboutCase()));
    const found = documents.find((document) => document.documentId === documentId);
    return found?.preview === "PREVIEW_WAITING" ? undefined : found;
  }, "a preview");
}
function fetchPreview(who: Who, office: Office, documentId: string, more = "", headers = {}) {
  const door = who instanceof Browser ? "/v1/portal/cases" : "/v1/cases";
  return fetch(`${url}${door}/${office.caseId}/documents/${documentId}/preview${more}`, {
    headers: { ...who.headers(), ...headers },
  });
}
async function reasonOf(response: Response) {
  return [response.status, ((await response.json()) as Schemas["Problem"]).reason];
}
/** How many pixels a JPEG has, by its frame header: width and height. */
async function sizeOf(response: Response) {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "image/jpeg");
  const bytes = Buffer.from(await response.arrayBuffer());
  let at = 2;
  while (bytes[at + 1] < 0xc0 || bytes[at + 1] > 0xc2) at += 2 + bytes.readUInt16BE(at + 2);
  return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
}

test("a photo that a phone took sideways is shown upright, in two sizes", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const { documentId, contentType } = await handIn(browser, office, photo, "IMG_0001.HEIC");
  assert.equal(contentType, "image/heic");
  assert.equal((await settled(browser, office, documentId)).preview, "PREVIEW_READY");
  assert.deepEqual(await sizeOf(await fetchPreview(browser, office, documentId)), [192, 256]);
  const large = "?size=PREVIEW_LARGE";
  const shown = await fetchPreview(browser, office, documentId, large);
  assert.deepEqual(await sizeOf(shown), [300, 400]);
  const staff = { headers: () => office.bearer() };
  assert.deepEqual(await sizeOf(await fetchPreview(staff, office, documentId)), [192, 256]);
});

test("a browser keeps a preview, and is asked whether it may show it still", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0, { visibility: "OWN" });
  const bob = await office.enter(1, { visibility: "OWN" });
  const { documentId } = await handIn(ada.browser, office, page, "page.pdf");
  assert.equal((await settled(ada.browser, office, documentId)).preview, "PREVIEW_READY");
  const first = await fetchPreview(ada.browser, office, documentId);
  assert.deepEqual(await sizeOf(first), [256, 128]);
  assert.equal(first.headers.get("cache-control"), "private, no-cache");
  const has = { "If-None-Match": first.headers.get("etag")! };
  const again = await fetchPreview(ada.browser, office, documentId, "", has);
  assert.equal(again.status, 304);
  // Another client of the case sees neither the document nor this, whatever it says to have.
  assert.deepEqual(await reasonOf(await fetchPreview(bob.browser, office, documentId, "", has)), [
    404,
    "NOT_FOUND",
  ]);
  const path = "/v1/portal/cases/{caseId}/documents/{documentId}";
  const params = { path: { caseId: office.caseId, documentId } };
  await ok(ada.browser.api.DELETE(path, { params }));
  assert.deepEqual(await reasonOf(await fetchPreview(ada.browser, office, documentId, "", has)), [
    404,
    "NOT_FOUND",
  ]);
});

test("of what has no picture there is none, and the document says so", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const text = await handIn(browser, office, Buffer.from("just text\n"), "a.txt");
  assert.equal(text.preview, "PREVIEW_NONE");
  assert.deepEqual(await reasonOf(await fetchPreview(browser, office, text.documentId)), [
    404,
    "PREVIEW_UNAVAILABLE",
  ]);
  const broken = await handIn(browser, office, pdf(), "broken.pdf");
  assert.equal(broken.preview, "PREVIEW_WAITING");
  assert.equal((await settled(browser, office, broken.documentId)).preview, "PREVIEW_FAILED");
  assert.deepEqual(await reasonOf(await fetchPreview(browser, office, broken.documentId)), [
    404,
    "PREVIEW_UNAVAILABLE",
  ]);
});
