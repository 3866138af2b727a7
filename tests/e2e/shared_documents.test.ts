// Where documents lie, what staff share with clients, and what is taken back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, ok, pdf, refused, upload } from "./harness.ts";

function about(office: Office, documentId: string) {
  return { params: { path: { caseId: office.caseId, documentId } } };
}
function share(office: Office, documentId: string, contactId = "") {
  const path = "/v1/cases/{caseId}/documents/{documentId}:share";
  return office.api.POST(path, { ...about(office, documentId), body: { contactId } });
}
async function seenBy(browser: Browser, office: Office) {
  const path = "/v1/portal/cases/{caseId}/documents";
  const { documents } = await ok(browser.api.GET(path, office.aboutCase()));
  return documents.map((document) => document.documentId);
}
async function inFolder(office: Office, folder: string) {
  const path = "/v1/cases/{caseId}/documents";
  const params = { ...office.aboutCase().params, query: { folder } };
  const { documents } = await ok(office.api.GET(path, { params }));
  return documents.map((document) => document.documentId);
}
function handIn(browser: Browser, office: Office, more: Record<string, string> = {}) {
  const query = new URLSearchParams({ filename: "a.pdf", ...more });
  return upload(`/v1/portal/cases/${office.caseId}/documents?${query}`, pdf(), browser.headers());
}
async function download(browser: Browser, office: Office, documentId: string) {
  const path = "/v1/portal/cases/{caseId}/documents/{documentId}/content";
  const asked = { ...about(office, documentId), parseAs: "arrayBuffer" as const };
  return (await browser.api.GET(path, asked)).response.status;
}

test("what clients hand in lies in a folder of its own [EZ-6] [EZ-5]", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { body } = await handIn(browser, office);
  assert.deepEqual(await inFolder(office, "Client-Documents"), [body.documentId]);
  const changed = await ok(
    office.api.PATCH("/v1/cases/{caseId}/documents/{documentId}", {
      ...about(office, body.documentId),
      body: { folder: "Checked", label: "Income" },
    }),
  );
  assert.deepEqual([changed.folder, changed.label], ["Checked", "Income"]);
  assert.deepEqual(await inFolder(office, "Client-Documents"), []);
  assert.deepEqual(await inFolder(office, "Checked"), [body.documentId]);
  assert.deepEqual(await seenBy(browser, office), [body.documentId]);
});

test("staff send documents down to the client", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0, { visibility: "OWN" });
  const bob = await office.enter(1, { visibility: "OWN" });
  const { documentId: forAda } = await office.hold("Offer");
  const { documentId: forAll } = await office.hold("Plan");
  assert.equal(await download(ada.browser, office, forAda), 404);
  assert.ok((await ok(share(office, forAda, office.contacts[0].contactId))).shareTime);
  await ok(share(office, forAll));
  assert.deepEqual(await seenBy(ada.browser, office), [forAll, forAda]);
  assert.deepEqual(await seenBy(bob.browser, office), [forAll]);
  assert.equal(await download(ada.browser, office, forAda), 200);
  assert.equal(await download(bob.browser, office, forAda), 404);
  await refused(share(office, forAll, "nobody"), 404, "NOT_FOUND");
  const path = "/v1/cases/{caseId}/documents/{documentId}:unshare";
  await ok(office.api.POST(path, { ...about(office, forAda), body: {} }));
  assert.deepEqual(await seenBy(ada.browser, office), [forAll]);
  assert.equal(await download(ada.browser, office, forAda), 404);
});

test("a client replaces and takes back what it has just handed in", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const other = await office.enter(1, { visibility: "OWN" });
  const { documentRequestId } = await office.request("A payslip");
  const { body: first } = await handIn(browser, office, { documentRequestId });
  const replaces = { documentRequestId, replacesDocumentId: first.documentId };
  assert.equal((await handIn(other.browser, office, replaces)).response.status, 404);
  const { body: second } = await handIn(browser, office, replaces);
  assert.deepEqual(await seenBy(browser, office), [second.documentId]);
  const path = "/v1/portal/cases/{caseId}/documents/{documentId}";
  const remove = (by: Browser) => by.api.DELETE(path, about(office, second.documentId));
  await refused(remove(other.browser), 404, "NOT_FOUND");
  const staffPath = "/v1/cases/{caseId}/documents/{documentId}";
  const byStaff = office.api.DELETE(staffPath, about(office, second.documentId));
  await refused(byStaff, 400, "DOCUMENT_FINAL");
  await ok(remove(browser));
  assert.deepEqual(await seenBy(browser, office), []);
  const requests = "/v1/portal/cases/{caseId}/documentRequests";
  const [asked] = (await ok(browser.api.GET(requests, office.aboutCase()))).documentRequests;
  assert.equal(asked.state, "REQUIRED");
  const types = (await office.events()).events.map((event) => event.type);
  assert.equal(types.filter((type) => type === "document.deleted").length, 2);
});

test("one client hands in for another, and staff send down to both [X-1]", async () => {
  const office = await Office.ready();
  const [, bob] = office.contacts;
  const ada = await office.enter(0, { visibility: "ALL" });
  const other = await office.enter(1, { visibility: "OWN" });
  const { documentRequestId } = await office.request("Bob's payslip", bob.contactId);
  const { body: handedIn } = await handIn(ada.browser, office, { documentRequestId });
  const requests = "/v1/portal/cases/{caseId}/documentRequests";
  const [asked] = (await ok(other.browser.api.GET(requests, office.aboutCase()))).documentRequests;
  assert.equal(asked.state, "PENDING_REVIEW");
  const { documentId } = await office.hold("Offer");
  await ok(share(office, documentId));
  assert.deepEqual(await seenBy(ada.browser, office), [documentId, handedIn.documentId]);
  assert.deepEqual(await seenBy(other.browser, office), [documentId]);
});
