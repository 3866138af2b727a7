// What a client sees of its case and of the others on it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, ok, pdf, upload } from "./harness.ts";

async function titlesOf(browser: Browser, office: Office) {
  const path = "/v1/portal/cases/{caseId}/documentRequests";
  const asked = await ok(browser.api.GET(path, office.aboutCase()));
  return asked.documentRequests.map((request) => request.title);
}

async function documentsOf(browser: Browser, office: Office) {
  const path = "/v1/portal/cases/{caseId}/documents";
  const { documents } = await ok(browser.api.GET(path, office.aboutCase()));
  return documents.map((document) => document.documentId);
}

function handIn(browser: Browser, office: Office, documentRequestId: string) {
  const query = new URLSearchParams({ filename: "a.pdf", documentRequestId });
  return upload(`/v1/portal/cases/${office.caseId}/documents?${query}`, pdf(), browser.headers());
}

test("clients see everyone, and what was chosen [CC-5] [HB-10] [S2-22]", async () => {
  const office = await Office.ready();
  const [ada, bob] = office.contacts;
  const forAda = await office.request("Ada's payslip", ada.contactId);
  const forBob = await office.request("Bob's payslip", bob.contactId);
  await office.request("A passport");
  const documentRequestIds = [forAda.documentRequestId, forBob.documentRequestId];
  const all = await office.enter(1, { visibility: "ALL", documentRequestIds });
  const other = await office.enter(0); // Where nothing is said everything is shown.
  const everyone = async ({ browser }: { browser: Browser }) => {
    const view = await ok(browser.api.GET("/v1/portal/cases/{caseId}", office.aboutCase()));
    return view.contacts.map(({ self: _, editableFields: __, ...shown }) => shown);
  };
  assert.deepEqual(
    (await everyone(all)).map((shown) => shown.email),
    office.contacts.map((contact) => contact.email),
  );
  assert.deepEqual(await everyone(other), await everyone(all));
  assert.deepEqual(await titlesOf(all.browser, office), ["Ada's payslip", "Bob's payslip"]);
});

test("one sees all and answers for others, one only its own [S2-20] [S2-23] [S2-24]", async () => {
  const office = await Office.ready();
  const [ada, bob] = office.contacts;
  const forAda = await office.request("Ada's payslip", ada.contactId);
  const forBob = await office.request("Bob's payslip", bob.contactId);
  const own = await office.enter(0, { visibility: "OWN" });
  const all = await office.enter(1, { visibility: "ALL" });

  const view = await ok(own.browser.api.GET("/v1/portal/cases/{caseId}", office.aboutCase()));
  assert.deepEqual(
    view.contacts.map((c) => c.contactId),
    [ada.contactId],
  );
  assert.deepEqual(await titlesOf(own.browser, office), ["Ada's payslip"]);
  assert.deepEqual(await titlesOf(all.browser, office), ["Ada's payslip", "Bob's payslip"]);

  const forbidden = await handIn(own.browser, office, forBob.documentRequestId);
  assert.equal(forbidden.response.status, 404);
  const byOther = await handIn(all.browser, office, forAda.documentRequestId);
  assert.equal(byOther.response.status, 200);
  const byAda = await handIn(own.browser, office, forAda.documentRequestId);
  assert.deepEqual(await documentsOf(own.browser, office), [byAda.body.documentId]);
  assert.deepEqual(await documentsOf(all.browser, office), [
    byAda.body.documentId,
    byOther.body.documentId,
  ]);
});
