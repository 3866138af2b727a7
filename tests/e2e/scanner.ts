// What becomes of documents where a malware scanner is set up: Debian's clamd, with a signature
// database of our own. Starts documents anew with it, so it runs by itself:
// `./dev test start scanner stop`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eicar, endClamd, startClamd, stopClamd } from "./clamd.ts";
import { Browser, Office, eventually, ok, pdf, upload, url } from "./harness.ts";
import { start } from "./processes.ts";

before(async () => {
  process.env.GATEHOUSE_CLAMD_URL = await startClamd();
  await start("documents");
  const office = await Office.open();
  await eventually(async () => (await office.api.GET("/v1/documentSettings")).data, "documents");
});
after(async () => {
  delete process.env.GATEHOUSE_CLAMD_URL;
  await start("documents");
  await endClamd();
});

async function handIn(browser: Browser, office: Office, text?: string) {
  const query = new URLSearchParams({ filename: "a.pdf" });
  const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
  const { response, body } = await upload(path, pdf(text), browser.headers());
  assert.equal(response.status, 200, JSON.stringify(body));
  return body.documentId;
}
/** Waits until the scanner has said this of the document. */
function becomes(office: Office, documentId: string, scan: string) {
  return eventually(async () => {
    const path = "/v1/cases/{caseId}/documents";
    const { documents } = await ok(office.api.GET(path, office.aboutCase()));
    const found = documents.find((one) => one.documentId === documentId)!;
    return found.scan === scan ? found : undefined;
  }, `${scan} of ${documentId}`);
}
async function download(office: Office, documentId: string, browser?: Browser) {
  const portal = browser ? "/v1/portal" : "/v1";
  const path = `${portal}/cases/${office.caseId}/documents/${documentId}/content`;
  const response = await fetch(`${url}${path}`, {
    headers: browser ? browser.headers() : office.bearer(),
  });
  const text = await response.text();
  return response.ok ? "given out" : JSON.parse(text).reason;
}

test("what is harmless is scanned, and then given out", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const documentId = await handIn(browser, office);
  await becomes(office, documentId, "CLEAN");
  assert.equal(await download(office, documentId), "given out");
  assert.equal(await download(office, documentId, browser), "given out");
});

test("malware is given to nobody, and staff are told", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const documentId = await handIn(browser, office, eicar);
  const document = await becomes(office, documentId, "INFECTED");
  assert.match(document.scanFinding, /EICAR/);
  assert.equal(await download(office, documentId), "DOCUMENT_INFECTED");
  assert.equal(await download(office, documentId, browser), "DOCUMENT_INFECTED");
  await eventually(async () => {
    const { events } = await office.events();
    return events.find((one) => one.type === "document.infected");
  }, "document.infected");
  const path = `/v1/cases/${office.caseId}/documentArchive`;
  const archive = await fetch(`${url}${path}`, { headers: office.bearer() });
  const bytes = Buffer.from(await archive.arrayBuffer());
  assert.ok(!bytes.includes("EICAR-STANDARD"));
  assert.ok(bytes.includes("Client-Documents/a.pdf: malware was found in it"));
});

test("while the scanner is away documents are taken, and wait for it", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  await stopClamd();
  const documentId = await handIn(browser, office);
  assert.equal(await download(office, documentId, browser), "DOCUMENT_SCAN_PENDING");
  await startClamd();
  await becomes(office, documentId, "CLEAN");
  assert.equal(await download(office, documentId, browser), "given out");
});
